"""Every error this project raises on purpose, on one page.

::

    XaiError               base of all: its text is fit to be shown as it is
        CaseError          a case, or a source of cases, cannot be used
            SourceNotFound
            CaseNotFound
            UnreadableImage
            BadAnnotation
        ModelError         the classifier cannot be loaded or used
            WeightsNotFound
            BadWeights
            CannotCalibrate
        BadRequest         a parameter of a request is outside what is allowed
        BadSetting         a setting in the environment is outside what is allowed
        OutputExists       writing would replace a result of another request
        Cancelled          the work was stopped; what was computed is kept

Each message is one sentence (or two) in the user's terms: what was given, what is allowed, what to
do.  The command line prints it and exits with 2; the dashboard shows it in place of the picture.
Any other exception that reaches a user is a defect.
"""


class XaiError(Exception):
    """Base of all errors a user can cause or meet; ``str(error)`` is fit to be shown as it is."""


class CaseError(XaiError):
    """A case, or a source of cases, cannot be used."""


class SourceNotFound(CaseError):
    """The folder named as a source of cases does not exist or holds no case."""


class CaseNotFound(CaseError):
    """No case of this source has the id that was asked for."""


class UnreadableImage(CaseError):
    """A file is not an image this software reads, or it is damaged, too small or too large."""


class BadAnnotation(CaseError):
    """An annotation file lacks a column or holds a value that cannot be understood."""


class ModelError(XaiError):
    """The classifier cannot be loaded or used."""


class WeightsNotFound(ModelError):
    """The weights file, or the specification beside it, does not exist."""


class BadWeights(ModelError):
    """The weights are truncated, mismatched, non-finite, or have another digest than promised."""


class CannotCalibrate(ModelError):
    """Validation images from which no temperature and bias can be fitted."""


class BadRequest(XaiError):
    """A parameter of a request is outside what is allowed (method, layer, level, class, mode)."""


class BadSetting(XaiError):
    """A setting in the environment has a value that is not allowed."""


class OutputExists(XaiError):
    """Writing would replace a result that belongs to another request."""


class Cancelled(XaiError):
    """The work was stopped because nobody waits for it any more; what was computed is kept."""
