"""What the suite has seen, counted over all of it, and what it owes to have seen."""

from dataclasses import dataclass, field

import service
from answer import Answer
from walker import walk


@dataclass
class Ledger:
    succeeded: set[str] = field(default_factory=set)
    answers: int = 0
    complaints: list[str] = field(default_factory=list)
    # Declared errors by how they were provoked: operation and code to "rule" or "fault".
    provoked: dict[tuple[str, str], str] = field(default_factory=dict)
    paginated: set[tuple[str, int | None]] = field(default_factory=set)
    constraints: int = 0

    def answered(self, operation: str, answer: Answer) -> None:
        """Look at an answer; what is wrong with it fails the test that asked."""
        self.answers += 1
        if answer.status == 200:
            self.succeeded.add(operation)
        self.complaints += [f"{operation}: {complaint}" for complaint in walk(operation, answer)]

    def pairs(self, by: str) -> list[str]:
        return sorted(f"{operation} {code}" for (operation, code), how in self.provoked.items() if how == by)

    def summary(self, constraints: int) -> list[str]:
        """The lines that are shown at the end."""
        rule, fault = self.pairs("rule"), self.pairs("fault")
        return [
            f"operations: {len(self.succeeded)}/{len(service.OPERATIONS)}",
            f"paginators: {len(self.paginated)}/{len(service.PAGINATION)} to the end, by operation and page size",
            f"declared errors: {len(self.provoked)}/{len(service.DECLARED)}, "
            f"{len(rule)} by rule, {len(fault)} by fault",
            f"constraints: {self.constraints}/{constraints}",
            f"walker: {self.answers} answers, {len(self.complaints)} complaints",
        ]
