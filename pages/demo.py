"""A five-minute tour for a presenter."""

from xai_core.ui import frame
from xai_core.ui.demo import notes, page
from xai_core.ui.service_access import service_or_stop

frame.begin("Demo", on_stage=not notes.is_asked_for())
page.show(service_or_stop())
