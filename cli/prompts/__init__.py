"""The command `prompts`: what authors of prompts run. Each part is imported when it is called."""

from cyclopts import App

from cli import add_commands

app = App(name="prompts", help="List, check, try and change what is said to models.")

COMMANDS = {
    "list": ("cli.prompts.files:list_", "List all prompt files: shipped, your own, broken."),
    "show": ("cli.prompts.files:show_", "Print a prompt file as it lies there."),
    "new": ("cli.prompts.files:new", "Copy a shipped file into your folder, to change it there."),
    "diff": ("cli.prompts.files:diff", "Compare your files with the shipped ones."),
    "lint": ("cli.prompts.lint:lint", "Look for faults; 1 if there are any."),
    "render": ("cli.prompts.render:render", "Print what a file gives, with its length."),
    "watch": ("cli.prompts.lint:watch", "Check and render each file when it is saved."),
    "eval": (
        "cli.prompts.evaluation:evaluate",
        "Play scripted dialogues; 1 if a promise broke. Or measure a model, --live.",
    ),
    "schema": ("cli.prompts.lint:schema", "Print the JSON Schemas that an editor uses."),
    "save": (
        "cli.prompts.save:save",
        "Save a conversation's prompt as a template of your own.",
    ),
}

add_commands(app, COMMANDS)
