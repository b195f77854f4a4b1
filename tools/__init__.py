"""What an MCP client sees: tools by toolset, resources, prompts, forms."""
