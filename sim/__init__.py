"""The bench: a simulated board, a simulated backend, and scenarios that run the real station between them.

It stands behind the hal's socket, the meter's serial line and the websocket, and imports nothing of the
firmware: what is tested is what ships.
"""
