"""Names of cases that give nothing away.  No Streamlit.

A case's own name may hold its truth (a folder called "malignant"), and so may its place in a list.
An alias is a digest of the name, and blind lists are in the aliases' order.  It is no secret to who
holds the files: it keeps the truth off the page, out of the address and out of what is sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def alias(case_id: str) -> str:
    """Ten hex digits, the same in every session: an address with them can be opened again."""
    return hashlib.blake2b(case_id.encode(), digest_size=5, person=b"blind reading").hexdigest()


def in_blind_order(case_ids: Iterable[str]) -> dict[str, str]:
    """Alias -> case, in the order of the aliases."""
    return dict(sorted((alias(case_id), case_id) for case_id in case_ids))
