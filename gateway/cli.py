"""The `vigie` command. Each subcommand's module is loaded when it is called, so that each starts fast."""

import sys
from importlib import import_module

import click

from gateway import __version__
from gateway.commands.family import Family

_COMMANDS = {
    "up": ("gateway.commands.up", "up"),
    "web": ("gateway.commands.processes", "web"),
    "worker": ("gateway.commands.processes", "worker"),
    "clock": ("gateway.commands.processes", "clock"),
    "migrate": ("gateway.commands.processes", "migrate"),
    "doctor": ("gateway.commands.doctor", "doctor"),
    "card": ("gateway.commands.card", "card"),
    "parse": ("gateway.commands.parse", "parse"),
    "codebook": ("gateway.commands.codebook", "codebook"),
    "send": ("gateway.commands.phones", "send"),
    "replay": ("gateway.commands.replay", "replay"),
    "inbox": ("gateway.commands.inbox", "inbox"),
    "reports": ("gateway.commands.reports", "reports"),
    "reread": ("gateway.commands.reread", "reread"),
    "alerts": ("gateway.commands.alerts", "alerts"),
    "incidents": ("gateway.commands.incidents", "incidents"),
    "hotline": ("gateway.commands.hotline", "hotline"),
    "outbox": ("gateway.commands.outbox", "outbox"),
    "channels": ("gateway.commands.channels", "channels"),
    "lines": ("gateway.commands.lines", "lines"),
    "people": ("gateway.commands.people", "people"),
    "watch": ("gateway.commands.watch", "watch"),
    "posts": ("gateway.commands.posts", "posts"),
    "reporters": ("gateway.commands.reporters", "reporters"),
    "officers": ("gateway.commands.people", "officers"),
    "duty": ("gateway.commands.duty", "duty"),
    "sitrep": ("gateway.commands.sitrep", "sitrep"),
    "keys": ("gateway.commands.keys", "keys"),
    "audit": ("gateway.commands.audit", "audit"),
}


class _Lazy(Family):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="vigie")
def vigie() -> None:
    """SMS/USSD field-reporting gateway. Settings are environment variables that begin with VIGIE_."""


def main() -> None:
    """Run a command; every failure is one sentence, 2 for bad input and 1 for the rest."""
    try:
        vigie.main(standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.Abort:
        _end("Interrupted.", 1)
    except click.UsageError as error:
        _end(" ".join(error.format_message().split()), 2)  # choices come one a line
    except click.ClickException as error:
        _end(error.format_message(), error.exit_code)
    except Exception as error:  # noqa: BLE001 - whatever it is, the operator gets a sentence
        _end(*_sentence(error))


def _sentence(error: Exception) -> tuple[str, int]:
    from gateway.commands.errors import sentence_for  # noqa: PLC0415 - only when something went wrong

    return sentence_for(error)


def _end(sentence: str, status: int) -> None:
    click.echo(f"vigie: {sentence}", err=True)
    sys.exit(status)


if __name__ == "__main__":
    main()
