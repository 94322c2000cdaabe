"""A situation report as a mail: plain text, a page with its pictures, and the PDF. Nothing of it is outside."""

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from typing import Final

from gateway.digest.page import to_mail
from gateway.digest.png import to_png
from gateway.digest.rendering import Rendering
from gateway.services import Services

_PLAIN_LINES: Final = SMTP.clone(cte_type="7bit")
"""Any server takes these, also one that knows no 8BITMIME."""


def message(services: Services, rendering: Rendering, address: str) -> EmailMessage:
    sitrep, sender = rendering.sitrep, services.settings.smtp_from
    domain = sender.rpartition("@")[2]
    ids = {name: make_msgid(name, domain).strip("<>") for name in rendering.pictures}
    mail = EmailMessage(policy=_PLAIN_LINES)
    mail["From"] = sender
    mail["To"] = address
    mail["Subject"] = sitrep.subject
    mail["Date"] = format_datetime(services.now())
    mail["Message-ID"] = make_msgid(domain=domain)
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(rendering.text())
    mail.add_alternative(to_mail(sitrep, rendering.pictures, ids), subtype="html")
    _, html = mail.iter_parts()
    for name, drawing in rendering.pictures.items():
        html.add_related(to_png(drawing), "image", "png", cid=f"<{ids[name]}>", filename=f"{name}.png")
    until = sitrep.figures.until.astimezone(sitrep.figures.zone)
    mail.add_attachment(rendering.pdf(), "application", "pdf", filename=f"sitrep-{until:%Y-%m-%d-%H%M}.pdf")
    return mail
