"""Lets the assertions of this folder's own language explain themselves."""

import pytest

pytest.register_assert_rewrite("tests.domain.deciding", "tests.domain.desk")
