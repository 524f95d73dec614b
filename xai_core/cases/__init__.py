"""Cases: their sources, the readers of image files, and the annotations that come with them."""

from xai_core.cases.base import CaseSource
from xai_core.cases.readers.dicom import DicomImage, read_dicom
from xai_core.cases.readers.raster import read_picture
from xai_core.cases.readers.single_file import read_upload
from xai_core.cases.sources.cdd_cesm import CddCesm
from xai_core.cases.sources.folder import FolderSource
from xai_core.cases.sources.library import PhantomLibrary
from xai_core.cases.sources.open_source import open_source

__all__ = [
    "CaseSource",
    "CddCesm",
    "DicomImage",
    "FolderSource",
    "PhantomLibrary",
    "open_source",
    "read_dicom",
    "read_picture",
    "read_upload",
]
