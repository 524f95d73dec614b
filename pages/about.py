"""What the model, the cases and the methods are, and where they end."""

from xai_core.ui import frame
from xai_core.ui.about import page
from xai_core.ui.service_access import service_or_stop

frame.begin("About")
page.show(service_or_stop())
