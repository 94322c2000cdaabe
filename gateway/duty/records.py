"""The rota as it is kept: who stands at which step, from when to when."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from gateway.storage.database import Base


class ShiftRecord(Base):
    """An officer on duty at an escalation step; an open end means for good."""

    __tablename__ = "shifts"

    id: Mapped[int] = mapped_column(primary_key=True)
    officer_id: Mapped[UUID] = mapped_column(sa.ForeignKey("officers.id"))
    step: Mapped[int] = mapped_column(sa.SmallInteger)
    starts_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    ends_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
