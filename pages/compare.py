"""Every method and layer side by side, the paper's Figure 3, and their figure sheet for print."""

from xai_core.ui import frame
from xai_core.ui.compare import page
from xai_core.ui.service_access import service_or_stop

frame.begin("Compare")
page.show(service_or_stop())
