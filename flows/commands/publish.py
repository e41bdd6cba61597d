"""`selfloop publish`: the champion and the samples it was trained on, for others."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter


def publish(
    experiment: str,
    *,
    to: str,
    licence: Annotated[str | None, Parameter(name=["--license", "--licence"])] = None,
    data_licence: Annotated[str | None, Parameter(name=["--data-license", "--data-licence"])] = None,
    merged: bool = False,
    alias: str | None = None,
    public: bool = False,
    overwrite: bool = False,
) -> None:
    """Write a model and a data set of the samples kept for it, each with its card, into a folder or onto the hub.

    Problems and gold answers of the select and report sets stay here, and so do worked solutions, addresses and paths.

    Parameters
    ----------
    experiment
        Name of the experiment.
    to
        A folder, which gets `model` and `data`; or hub:NAMESPACE/NAME, which names a model and a data set there.
        HF_ENDPOINT names another server with the hub's interface, HF_TOKEN the login.
    licence
        Of the model, an id of the hub's list, such as apache-2.0. What the licences of base model and problems allow is
        yours to say.
    data_licence
        Of the samples; default: that of the model.
    merged
        Write an adapter merged into its base. So is one whose base lies on no hub.
    alias
        The model that this alias of MLflow's registry names, such as round-3. Default: the champion.
    public
        Everybody can see new repositories of the hub; default: private.
    overwrite
        Replace what was published there before.
    """
    from configs.errors import UserError
    from flows.publish import Wish, publish_experiment
    from flows.services.addresses import resolve_addresses

    if licence is None:
        raise UserError(
            "publishing needs a licence: what others may do with the model and the samples",
            "--license apache-2.0, or another id of the hub's list that the base model and your problems allow",
        )
    wish = Wish(experiment, to, licence, data_licence or licence, merged, alias, public, overwrite)
    print("\n".join(publish_experiment(wish, resolve_addresses())))
