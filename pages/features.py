"""What moves the answer: change one feature, and see how much the model's answer changes."""

from xai_core.ui import frame
from xai_core.ui.features import page
from xai_core.ui.service_access import service_or_stop

frame.begin("Features")
page.show(service_or_stop())
