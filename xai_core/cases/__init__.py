"""What is explained: cases and where they come from, one file per kind of source."""

from xai_core.cases.base import CaseSource
from xai_core.cases.cdd_cesm import CddCesm
from xai_core.cases.dicom import DicomImage, read_dicom
from xai_core.cases.folder import FolderSource
from xai_core.cases.library import PhantomLibrary
from xai_core.cases.open_source import open_source
from xai_core.cases.pictures import read_picture
from xai_core.cases.single import read_upload

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
