"""An office that no test here lets reach anything."""

import base64
import secrets
from pathlib import Path

import pytest

from services.settings import Settings
from services.wiring import Office, open_office


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """An office whose servers do not exist: whatever speaks to one fails."""
    nowhere = tmp_path / "nowhere"
    keys = [base64.b64encode(secrets.token_bytes(32)).decode("ascii") for _ in range(4)]
    settings = Settings.load(
        {
            "QMAS_ENV": "production",
            "QMAS_HOME": str(tmp_path),
            "QMAS_DATABASE_URL": f"postgresql:///nothing?host={nowhere}",
            "QMAS_BROKER_URL": f"redis+socket://{nowhere}",
            "QMAS_SMTP_URL": "smtp://127.0.0.1:1",
            "QMAS_MASTER_KEY": keys[0],
            "QMAS_BLIND_INDEX_KEY": keys[1],
            "QMAS_SESSION_SECRET": keys[2],
            "QMAS_OIDC_ISSUER": "https://issuer.invalid",
            "QMAS_OIDC_CLIENT_ID": "qmas",
            "QMAS_OIDC_CLIENT_SECRET": keys[3],
            "QMAS_OIDC_ROLES": 'claim = "groups"\n[[role]]\nvalue = "o"\nrole = "officer"',
        }
    )
    return open_office(settings)
