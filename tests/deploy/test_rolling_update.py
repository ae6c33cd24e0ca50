"""Kubernetes replaces the pods of both Deployments while people request and type codes, and the new
pods have other settings. Not one code is lost, and not one call fails."""

import asyncio
import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from http.client import HTTPException

from tests.chaos.load import Caller
from tests.chaos.programs import Program, Provider, Service, is_ready, wait_for, wait_for_worker
from tests.chaos.provider import Call
from tests.chaos.scene import Scene, settle
from tests.chaos.verdict import deliveries, statuses

VERIFICATIONS = 200
PER_SECOND = 20
OLD_KEY, NEW_KEY = f"k1:{'QUJD' * 11}", f"k2:{'REVG' * 11}"


class VirtualAddress:
    """The address of a Kubernetes Service: each connection goes to one of the endpoints, and stays
    there when the endpoint is removed."""

    def __init__(self) -> None:
        self.endpoints: list[int] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        serving = asyncio.start_server(self._connect, "127.0.0.1")
        self._server = asyncio.run_coroutine_threadsafe(serving, self._loop).result()
        self.port: int = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        connections = asyncio.all_tasks() - {asyncio.current_task()}
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = random.choice(self.endpoints)
        try:
            there, back = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_copy(reader, back), _copy(there, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        finally:
            writer.close()
            await writer.wait_closed()


class Typist:
    """Types each code, as soon as a provider has it. `statuses` has the answers."""

    def __init__(self, port: int, *providers: Provider) -> None:
        self.statuses: dict[str, int] = {}
        self._caller = Caller([port])
        self._providers = providers
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def end(self) -> None:
        """Type the rest."""
        self._ended.set()
        self._thread.join()

    def _work(self) -> None:
        is_last = False
        while not is_last:
            is_last = self._ended.wait(0.1)
            for call in (call for provider in self._providers for call in provider.calls()):
                if call.key not in self.statuses:
                    self.statuses[call.key] = self._type(call)
        self._caller.close()

    def _type(self, call: Call) -> int:
        body = {"phone": call.to, "otp": call.code}
        try:
            return self._caller.call("POST", "/verify-otp", body)[0]
        except (OSError, HTTPException):
            return 0


def wait_until_it_stops(port: int) -> None:
    wait_for(lambda: not is_ready(port), 10, "an API to say that it stops")


class Deployments:
    """Two pods of the API behind one address, and two workers."""

    def __init__(self, service: Service) -> None:
        self.address = VirtualAddress()
        self._service = service
        self._apis = [self._start_api() for _ in range(2)]
        self._workers = service.start_workers(2)

    def update(self, **settings: str) -> None:
        """Replace all pods by new ones, one of each Deployment after the other. A new pod is ready
        before an old one gets its SIGTERM, and an old one gets requests until it says that it
        stops."""
        self._service.env |= settings
        with ThreadPoolExecutor() as deployments:
            updates = [deployments.submit(update) for update in (self._api, self._worker)]
        for update in updates:
            update.result()

    def _start_api(self) -> tuple[int, Program]:
        port, api = self._service.start_api()
        self.address.endpoints.append(port)
        return port, api

    def _api(self) -> None:
        for number, (port, old) in enumerate(self._apis):
            self._apis[number] = self._start_api()
            old.process.terminate()
            wait_until_it_stops(port)
            self.address.endpoints.remove(port)
            assert old.process.wait(15) == 0

    def _worker(self) -> None:
        for number, old in enumerate(self._workers):
            self._workers[number] = self._service.start_worker()
            wait_for_worker(self._workers[number])
            old.process.terminate()
            assert old.process.wait(15) == 0


def test_people_notice_nothing(tmp_path):
    with ExitStack() as running:
        scene = Scene(running, tmp_path, "rolling update", short=True)
        redis, old_provider, new_provider = scene.redis(), scene.provider("a"), scene.provider("b")
        settings = {"OTP_SECRET_KEYS": f"{OLD_KEY} {NEW_KEY} {OLD_KEY}", "OTP_CODE_LENGTH": "6"}
        more = {"API_PROCESSES": "1", "OTP_DRAIN_SECONDS": "2"}
        service = scene.service(redis.url, old_provider, **settings, **more)
        deployments = Deployments(service)
        running.callback(deployments.address.close)
        typist = Typist(deployments.address.port, old_provider, new_provider)
        running.callback(typist.end)
        load = scene.load(deployments.address.port, rate=PER_SECOND)
        wait_for(lambda: len(typist.statuses) > 20, 20, "codes of the old pods")
        deployments.update(
            OTP_SECRET_KEYS=f"{NEW_KEY} {OLD_KEY}",
            OTP_CODE_LENGTH="8",
            OTP_SMS_SENDERS=f"{new_provider.url} {old_provider.url}",
        )
        wait_for(lambda: len(load.answers) > VERIFICATIONS, 20, "enough verifications")
        answers = load.end()
        with redis.client() as client:
            assert settle(client, 20) == 0
        # While the new pods run, which end first.
        typist.end()
    by_old, by_new = old_provider.calls(), new_provider.calls()
    assert statuses(answers) == {202: len(answers)}
    assert deliveries(answers, [*by_old, *by_new]).lost == 0
    assert Counter(typist.statuses.values()) == {200: len(answers)}
    # New workers sent codes of old APIs, or old workers those of new APIs.
    assert {6, 8} in [{len(call.code) for call in calls} for calls in (by_old, by_new)]
    assert by_old
    assert by_new
