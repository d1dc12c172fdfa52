"""Runs moto's server with its metering ledger filled: over HTTP nothing gets into it, and it never fills by itself.

filled.py PORT CUSTOMERS STORED subscribes customers c0, c1, … of product "p" in us-east-1, and stores that many records.
"""

import sys

from moto.meteringmarketplace.models import Result, meteringmarketplace_backends
from moto.server import main

port, customers, stored = (int(a) for a in sys.argv[1:4])
backend = meteringmarketplace_backends["123456789012"]["us-east-1"]
for i in range(customers):
    backend.customers_by_product["p"].append(f"c{i}")
for i in range(stored):
    backend.records_by_product["p"].append(
        Result(Timestamp=i, CustomerIdentifier=f"c{i % customers}", Dimension="stored", Quantity=1)
    )
main(["-p", str(port)])
