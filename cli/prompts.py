"""The command `prompts`: what authors of prompts run. Each part is imported when it is called."""

from cyclopts import App

app = App(name="prompts", help="List, check, try and change what is said to models.")

COMMANDS = {
    "list": ("cli.authors:list_", "List all prompt files: shipped, your own, broken."),
    "show": ("cli.authors:show", "Print a prompt file as it lies there."),
    "new": ("cli.authors:new", "Copy a shipped file into your folder, to change it there."),
    "diff": ("cli.authors:diff", "Compare your files with the shipped ones."),
    "lint": ("cli.linting:lint", "Look for faults; 1 if there are any."),
    "render": ("cli.rendering:render", "Print what a file gives, with its length."),
    "watch": ("cli.watching:watch", "Check and render each file when it is saved."),
    "eval": ("cli.playing:evaluate", "Play the written dialogues; 1 if a promise was not kept."),
    "schema": ("cli.linting:schema", "Print the JSON Schemas that an editor checks files by."),
    "save": ("cli.save:save", "Save the prompt of a conversation as a template of your own."),
}

for name, (place, help_line) in COMMANDS.items():
    app.command(place, name=name, help=help_line)
