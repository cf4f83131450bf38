"""Failures that come before anything was touched.

Belongs here: the error codes by which a provider refuses an upgrade at the door.
Does not belong here: finding the code in a record (the sources), whose fault it is (`assets/upgrades/error_codes.yaml`), failures
that are known to be such because nothing had started (`assets/upgrades/`).
"""

PREFLIGHT_CODES = frozenset(
    {
        "UnsatisfiablePDB",
        "InsufficientSubnetSize",
        "ServicePrincipalValidationClientError",
        "InvalidClientSecret",
        "MissingSubscriptionRegistration",
        "NodePoolMcVersionIncompatible",
        "K8sVersionNotSupported",
        "UpgradeBlockedOnDeprecatedAPIUsage",
        "InvalidParameter",
    }
)
