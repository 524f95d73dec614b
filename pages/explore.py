"""One case: what the model decided, where it looked, and whether the map holds."""

from xai_core.ui import frame
from xai_core.ui.explore import page
from xai_core.ui.service_access import service_or_stop

frame.begin("Explore")
page.show(service_or_stop())
