"""A DICOM file or picture of one's own; nothing of it is kept."""

from xai_core.ui import frame
from xai_core.ui.service_access import service_or_stop
from xai_core.ui.your_image import page

frame.begin("Your image")
page.show(service_or_stop())
