"""Superlance's tools: event listeners that check, restart and tell. Each is `decide()`, pure, and `main()`.

A listener runs for ever, so what it holds in memory is counted: values are `NamedTuple`s here and not dataclasses
(which import `inspect` and half a parser), and whatever needs `subprocess`, `smtplib` or `email` happens in a
short-lived child of its own (`offshoot`).
"""
