"""A way to a server on loopback on which each answer takes longer: slow.py PORT TO-PORT SECONDS."""

import asyncio
import sys


async def forward(reader, writer, delay):
    """Each piece is passed on after the delay, without waiting for the one before it."""
    loop = asyncio.get_running_loop()
    pieces = asyncio.Queue()

    async def write():
        while (piece := await pieces.get())[1]:
            await asyncio.sleep(max(0, piece[0] - loop.time()))
            writer.write(piece[1])
            await writer.drain()
        writer.close()

    writing = asyncio.create_task(write())
    try:
        while piece := await reader.read(65536):
            pieces.put_nowait((loop.time() + delay, piece))
    finally:
        pieces.put_nowait((0, b""))
        await writing


async def main(port, to, delay):
    async def connected(reader, writer):
        try:
            to_reader, to_writer = await asyncio.open_connection("127.0.0.1", to)
            await asyncio.gather(forward(reader, to_writer, 0), forward(to_reader, writer, delay))
        except OSError:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", port)
    await server.serve_forever()


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
