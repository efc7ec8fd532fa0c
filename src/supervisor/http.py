"""The mark that Supervisor's deferred RPC answers return while they have none yet."""


class NOT_DONE_YET:  # noqa: N801 - the name is Supervisor's
    """Not an answer: call again. Vigil's interfaces use `async def` instead."""
