"""Many clients in one process, for benchmarks/serving.py: bytes that were made before are sent, answers are not read.

So what the clients themselves need is little, and the two processors are the server's.
"""

import asyncio
import dataclasses
import multiprocessing
import os
import time

import grpc

METHOD = "/tensorflow.serving.PredictionService/Predict"


@dataclasses.dataclass
class Ending:
    """How a request ended: "OK" or what the server said, whether it said when to come again, after how many seconds."""

    status: str
    retry_after: bool
    seconds: float


class OverGrpc:
    """One connection of its own."""

    def __init__(self, address, path, body):
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", -1)]
        self._channel, self._body = grpc.aio.insecure_channel(address, options=options), body
        self._ask = self._channel.unary_unary(METHOD)

    async def connect(self):
        await self._channel.channel_ready()

    async def ask(self):
        try:
            await self._ask(self._body, timeout=120)
        except grpc.aio.AioRpcError as error:
            return error.code().name, False
        return "OK", False

    async def close(self):
        await self._channel.close()


class OverRest:
    """One connection of its own."""

    def __init__(self, address, path, body):
        self._place = address.split(":")
        self._request = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        self._streams = None

    async def connect(self):
        self._streams = await asyncio.open_connection(*self._place, limit=2**20)

    async def ask(self):
        if self._streams is None:
            await self.connect()
        reader, writer = self._streams
        writer.write(self._request)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
        except (asyncio.IncompleteReadError, ConnectionError):  # the server closes what was idle for long
            self._streams = None
            return await self.ask()
        await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
        status = head.split()[1].decode()
        return "OK" if status == "200" else status, b"\r\nretry-after:" in head

    async def close(self):
        if self._streams is not None:
            self._streams[1].close()


KINDS = {"gRPC": OverGrpc, "REST": OverRest}


class Clients:
    """The process of the clients; `with Clients() as clients`."""

    def __enter__(self):
        context = multiprocessing.get_context("spawn")
        self._end, far = context.Pipe()
        self._process = context.Process(target=_work, args=(far,), daemon=True)
        self._process.start()
        return self

    def __exit__(self, *_):
        self._end.send(None)
        self._process.join()

    def ask(self, *arguments, **options):
        """`(endings, seconds)` of many requests.

        Args:
            kind: "gRPC" or "REST".
            address: HOST:PORT.
            path: of a request over REST.
            body: the request, bytes.
            count: of clients; with a rate as many more as there are requests at once.
            seconds: for which they ask.
            rate: requests a second of all together, whether those before are answered or not; by default each client
                waits for an answer and asks again.
        """
        self._end.send((arguments, options))
        return self._end.recv()


def _work(end):
    os.environ["GRPC_VERBOSITY"] = "ERROR"
    while (job := end.recv()) is not None:
        arguments, options = job
        end.send(asyncio.run(_ask(*arguments, **options)))


async def _ask(kind, address, path, body, count, seconds, rate=None):
    clients = [KINDS[kind](address, path, body) for _ in range(count)]
    idle, endings = list(clients), []

    async def ask(client):
        started = time.perf_counter()
        status, retry_after = await client.ask()
        endings.append(Ending(status, retry_after, time.perf_counter() - started))

    async def again_and_again(client):
        while time.perf_counter() < start + seconds:
            await ask(client)

    async def at_its_time(number):
        await asyncio.sleep(start + number / rate - time.perf_counter())
        if not idle:
            clients.append(KINDS[kind](address, path, body))
            idle.append(clients[-1])
        client = idle.pop()
        await ask(client)
        idle.append(client)

    try:
        await asyncio.gather(*(client.connect() for client in clients))
        start = time.perf_counter()
        if rate is None:
            await asyncio.gather(*map(again_and_again, clients))
        else:
            await asyncio.gather(*map(at_its_time, range(int(seconds * rate))))
        return endings, time.perf_counter() - start
    finally:
        await asyncio.gather(*(client.close() for client in clients))
