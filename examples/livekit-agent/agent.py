"""A LiveKit agent that has a budget: before each turn it asks the gate, and after it pays for what it said."""

import os

import aiohttp
from livekit.agents import Agent, AgentServer, AgentSession, JobContext, cli

from budget import Budget, Refused

# The most that is said in one turn, in characters. So much is held while the turn lasts, and a longer answer ends there.
MOST = 1000
# For a refusal that comes without the tenant's own words.
SORRY = "I can't talk at the moment. Please come back later."


class ThriftyAgent(Agent):
    def __init__(self, budget, *, room, **rest):
        super().__init__(**rest)
        self._budget, self._room = budget, room

    async def llm_node(self, chat_ctx, tools, model_settings):
        # The turn's name. An agent that is started again with the history it had asks for the same permit again.
        said = [item.id for item in chat_ctx.items if item.type in ("message", "function_call_output")]
        turn = f"{self._room}:{len(said)}:{said[-1]}"
        try:
            permit = await self._budget.ask(turn, MOST)
        except Refused as refused:
            # No model is asked and nothing is charged.
            yield refused.words or SORRY
            return
        length = 0
        try:
            async for chunk in Agent.default.llm_node(self, chat_ctx, tools, model_settings):
                words = chunk if isinstance(chunk, str) else getattr(getattr(chunk, "delta", None), "content", None)
                length += len(words or "")
                if length > MOST:
                    break
                yield chunk
        finally:
            # Also when the visitor interrupts, and when the model fails. What if the process is killed before this? Then
            # the permit runs out, and is charged in full.
            await self._settle(permit, min(length, MOST))

    async def _settle(self, permit, length):
        try:
            await self._budget.settle(permit, length)
        except Refused as refused:
            # The turn is over: there is nobody to tell but whoever reads the log. The gate charges the permit in full.
            print(f"permit {permit.id} isn't settled: {refused}")


server = AgentServer()


@server.rtc_session()
async def serve(job: JobContext):
    http = aiohttp.ClientSession()
    job.add_shutdown_callback(http.close)
    budget = Budget(
        os.environ["TOLLGATE_URL"],
        os.environ["TOLLGATE_SECRET_KEY"],
        os.environ.get("TOLLGATE_PROVIDER", "cartesia"),
        "characters",
        http=http,
    )
    session = AgentSession(stt="deepgram/nova-3", llm="openai/gpt-4.1-mini", tts="cartesia/sonic-3")
    agent = ThriftyAgent(budget, room=job.room.name, instructions="You are a friendly host. Be brief.")
    await session.start(agent, room=job.room)
    await session.generate_reply(instructions="Greet the visitor.")


if __name__ == "__main__":
    cli.run_app(server)
