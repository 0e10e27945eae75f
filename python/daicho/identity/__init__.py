"""Who a node or a party is: keys, certificates, the administrator's authority.

A certificate proves identity (LEI and key); roles live in the control state of
the ledger. Private keys never leave this package unencrypted except in memory.
"""

from daicho.identity.authority import Authority, Issued
from daicho.identity.certificate import (
    Certificate,
    CertificateError,
    Holder,
    certificate_request,
)
from daicho.identity.credentials import Credentials, CurveBinding
from daicho.identity.lei import is_lei, lei_with_check_digits
from daicho.identity.roles import ROLE_BITS, role_mask, role_names

__all__ = [
    "ROLE_BITS",
    "Authority",
    "Certificate",
    "CertificateError",
    "Credentials",
    "CurveBinding",
    "Holder",
    "Issued",
    "certificate_request",
    "is_lei",
    "lei_with_check_digits",
    "role_mask",
    "role_names",
]
