"""The audit log of a service: a row in the transaction of every change, sealed into a chain of hashes."""

from rapport_shared.audit.chain import Chain, Head
from rapport_shared.audit.log import AuditLog
from rapport_shared.audit.rows import INDEXES, AuditRow
from rapport_shared.audit.trail import AuditTrail
from rapport_shared.audit.verification import Problem, verify

__all__ = ["INDEXES", "AuditLog", "AuditRow", "AuditTrail", "Chain", "Head", "Problem", "verify"]
