"""Attacks through sockets. Each returns what it won, and raises where it was stopped."""

from __future__ import annotations

import socket
from typing import Any

Bait = dict[str, Any]


def connect_by_tcp(bait: Bait) -> str:
    with socket.create_connection(("127.0.0.1", bait["tcp"]), timeout=1):
        return "connected"


def send_by_udp(bait: Bait) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        return f"{udp.sendto(b'labels', ('127.0.0.1', bait['udp']))} bytes sent"


def listen(bait: Bait) -> str:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        return "listening"


def connect_locally(bait: Bait) -> str:
    with socket.socket(socket.AF_UNIX) as local:
        local.connect(bait["local"])
        return "connected"


def connect_abstractly(bait: Bait) -> str:
    with socket.socket(socket.AF_UNIX) as local:
        local.connect(bait["abstract"])
        return "connected"


def make_a_pair(bait: Bait) -> str:
    one, other = socket.socketpair()
    one.close()
    other.close()
    return "a pair of sockets"


def ask_the_kernel_for_routes(bait: Bait) -> str:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW) as netlink:
        netlink.bind((0, 0))
        return "bound"


def send_raw_packets(bait: Bait) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
        return str(raw.fileno())
