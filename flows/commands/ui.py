"""`selfloop ui`: Prefect's and MLflow's servers over the local data."""

from __future__ import annotations

import sys
import time

from configs.errors import UserError


def ui(*, prefect_port: int = 4200, mlflow_port: int = 5000) -> None:
    """Open the Prefect and MLflow servers over the local data, until Ctrl-C.

    Runs started meanwhile from the same folder use this Prefect server and show up live.

    Parameters
    ----------
    prefect_port
        Port of the Prefect UI on 127.0.0.1.
    mlflow_port
        Port of the MLflow UI on 127.0.0.1.
    """
    from flows.services.addresses import resolve_addresses
    from flows.services.mlflow_server import MlflowServer
    from flows.services.prefect_server import PrefectServer

    addresses = resolve_addresses()
    with PrefectServer(addresses, prefect_port) as server, MlflowServer(addresses, mlflow_port) as mlflow:
        print(f"Prefect  {server.wait().removesuffix('/api')}")
        print(f"MLflow   {mlflow.wait()}")
        print("Ctrl-C ends both.")
        sys.stdout.flush()
        while mlflow.is_alive() and server.is_alive():
            time.sleep(0.5)
        gone = "Prefect" if mlflow.is_alive() else "MLflow"
        raise UserError(f"the {gone} server ended; its log lies under {addresses.home}", "run selfloop ui again")
