"""Reports of mail servers that a letter was not delivered, as they come back to its sender."""

from email.message import EmailMessage

_WORDS = "This is the mail system. Your message to <nobody@example.com> came back."


def bounce(
    letter: EmailMessage | None,
    *,
    action: str = "failed",
    status: str = "5.1.1",
    whole: bool = False,
) -> bytes:
    """Return a report on a letter, with all of that or its headers alone, or with neither."""
    statuses = (
        "Reporting-MTA: dns; relay.test\n\n"
        "Final-Recipient: rfc822; nobody@example.com\n"
        f"Action: {action}\nStatus: {status}\n"
        f"Diagnostic-Code: smtp; 550 {status} <nobody@example.com>: unknown\n"
    )
    parts = [f"Content-Type: text/plain\n\n{_WORDS}\n"]
    parts.append(f"Content-Type: message/delivery-status\n\n{statuses}")
    if letter is not None and whole:
        parts.append(f"Content-Type: message/rfc822\n\n{letter.as_string()}")
    elif letter is not None:
        headers = "\n".join(f"{name}: {value}" for name, value in letter.items())
        parts.append(f"Content-Type: text/rfc822-headers\n\n{headers}\n")
    body = "".join(f"--bounce\n{part}\n" for part in parts)
    head = (
        "From: MAILER-DAEMON@relay.test\nTo: no-reply@qmas.test\n"
        "Message-ID: <its.own@relay.test>\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="bounce"\n\n'
    )
    return f"{head}{body}--bounce--\n".encode("utf-8", "surrogateescape")


def forwarded(report: bytes) -> bytes:
    """Return a mail that somebody attached a report to."""
    head = "From: a@b.test\nMessage-ID: <of.the.forwarder@b.test>\nContent-Type: message/rfc822\n\n"
    return head.encode() + report
