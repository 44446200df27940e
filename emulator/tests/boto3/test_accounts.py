"""Nothing was left out. This file runs last; it fails when only some of the tests ran."""

import service
from ledger import Ledger
from violations import VIOLATIONS


def test_every_operation_has_succeeded(ledger: Ledger):
    assert set(service.OPERATIONS) - ledger.succeeded == set()
    assert len(service.OPERATIONS) == 48


def test_every_paginator_has_come_to_its_end(ledger: Ledger):
    assert set(service.PAGINATION) - ledger.paginated == set()


def test_every_declared_error_was_provoked(ledger: Ledger):
    assert set(service.DECLARED) - ledger.provoked.keys() == set()
    assert len(service.DECLARED) == 268


def test_every_constraint_was_violated(ledger: Ledger):
    assert ledger.constraints == len(VIOLATIONS)
