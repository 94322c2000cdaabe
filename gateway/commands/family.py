"""A command with subcommands: `--help` lists each with its whole sentence, which click would cut."""

import click


class Family(click.Group):
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, _sentence(command)) for name, command in found if command])


def _sentence(command: click.Command) -> str:
    paragraph, _, _ = (command.help or "").partition("\n\n")
    return " ".join(paragraph.split())
