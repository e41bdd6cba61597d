"""Which session gets which job, and that every request ends answered or set aside, whatever dies."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from configs.schema.drawing import Sampling
from infra.engines.questions import Completion, Missing, Request
from infra.engines.schedule import MAX_RESTARTS, NUM_MACHINES, Schedule
from infra.engines.wire import Job, Shard


def shard(name: str, *ids: str, num_samples: int = 1) -> Shard:
    return Shard(name, tuple(Request(id, (), num_samples) for id in ids), Sampling())


def rows(job: Job) -> list[Completion]:
    return [Completion(request.id, 0, "", "stop", 1, None) for request in job.requests]  # type: ignore[misc]


def given_out(schedule: Schedule) -> list[tuple[int, str]]:
    found = []
    while (given := schedule.assign()) is not None:
        found.append((given[0], given[1].name))
    return found


def test_each_session_gets_two_jobs_and_twice_its_width() -> None:
    jobs = [shard(str(number), *"abc") for number in range(20)]
    schedule = Schedule(jobs, 2, 4, works_together=False)
    assert given_out(schedule) == [(0, "0"), (1, "1"), (0, "2"), (1, "3"), (0, "4"), (1, "5")]
    schedule.finish(1, "1", rows(jobs[1]))
    assert given_out(schedule) == [(1, "6")]


def test_a_session_is_fed_by_what_it_has_not_finished() -> None:
    schedule = Schedule((shard(str(number), "a", num_samples=8) for number in range(9)), 1, 4, works_together=True)
    assert given_out(schedule) == [(0, "0"), (0, "1")], "twice its width of 4 are waiting, and more"
    assert schedule.progress(0, "0", 7) and given_out(schedule) == []
    assert schedule.progress(0, "1", 2) and given_out(schedule) == [(0, "2")], "7 of 16 are left"
    assert not schedule.progress(0, "gone", 1), "of a call before"


def test_several_sessions_get_pieces_and_a_job_is_answered_in_the_order_of_its_requests() -> None:
    job = shard("big", *"abcdef", num_samples=32)
    schedule = Schedule([job], 2, 64, works_together=True)
    assert given_out(schedule) == [(0, "big/0"), (1, "big/1"), (0, "big/2")]
    parts = [shard(f"big/{number}", *ids) for number, ids in enumerate(("ab", "cd", "ef"))]
    assert schedule.finish(0, "big/2", rows(parts[2])) is None and schedule.is_busy
    assert schedule.finish(1, "big/1", rows(parts[1])) is None
    answered = schedule.finish(0, "big/0", rows(parts[0]))
    assert answered == (job, rows(shard("", *"abcdef"))) and not schedule.is_busy


def test_a_quick_session_is_fed_what_it_finishes_until_the_next_news() -> None:
    """1,000 sequences a second: 4,000 besides the 8 that it works on; a slow one has a quarter of them besides."""
    now = [0.0]
    jobs = (shard(str(number), "a", num_samples=100) for number in range(99))
    schedule = Schedule(jobs, 1, 8, works_together=True, clock=lambda: now[0])
    assert given_out(schedule) == [(0, "0"), (0, "1")]
    now[0] = 0.1
    assert schedule.progress(0, "0", 99)
    now[0] = 2.0
    assert schedule.progress(0, "1", 100) and len(given_out(schedule)) == 5, "99.5 a second: 406 are enough"
    now[0] = 100.0
    for name in schedule.held_names(0)[1:]:
        schedule.finish(0, name, [])
    assert len(schedule.held_names(0)) == 1 and len(given_out(schedule)) == 1


def test_one_session_gets_a_job_whole() -> None:
    schedule = Schedule([shard("big", *"abcdef", num_samples=128)], 1, 64, works_together=True)
    assert given_out(schedule) == [(0, "big")]


def test_a_late_piece_is_given_to_an_idle_session_too_and_the_first_answer_counts() -> None:
    now = [0.0]
    jobs = [shard(str(number), "a") for number in range(4)]
    schedule = Schedule(jobs, 2, 1, works_together=True, clock=lambda: now[0])
    assert given_out(schedule) == [(0, "0"), (1, "1"), (0, "2"), (1, "3")]
    now[0] = 30.0
    for number, name in ((1, "1"), (1, "3"), (0, "2")):
        schedule.finish(number, name, rows(jobs[int(name)]))
    assert given_out(schedule) == [], "three medians are not over"
    patience = schedule.patience()
    assert patience is not None and 60 < patience < 61
    now[0] = 91.0
    assert given_out(schedule) == [(1, "0")]
    assert not schedule.progress(1, "0", 1), "a copy's progress counts nothing"
    assert given_out(schedule) == [], "one copy is enough"
    assert schedule.finish(1, "0", rows(jobs[0])) == (jobs[0], rows(jobs[0]))
    assert not schedule.is_busy and schedule.finish(0, "0", rows(jobs[0])) is None


def test_a_piece_with_a_copy_is_nobodys_fault() -> None:
    now = [0.0]
    jobs = [shard(str(number), "a") for number in range(4)]
    schedule = Schedule(jobs, 2, 1, works_together=True, clock=lambda: now[0])
    given_out(schedule)
    for number, name in ((1, "1"), (1, "3"), (0, "2")):
        schedule.finish(number, name, rows(jobs[int(name)]))
    now[0] = 99.0
    assert given_out(schedule) == [(1, "0")]
    assert schedule.lose(0, "died") == (None, MAX_RESTARTS)
    assert given_out(schedule) == [], "its copy is under way"
    assert schedule.finish(1, "0", rows(jobs[0])) is not None and schedule.fatal == []


def test_a_session_that_is_left_out_gets_nothing_and_the_last_one_cannot_be() -> None:
    jobs = [shard(str(number), "a") for number in range(4)]
    schedule = Schedule(jobs, 2, 1, works_together=False)
    given_out(schedule)
    schedule.lose(0, "died")
    assert schedule.leave_out(0) and not schedule.leave_out(1)
    done: list[str] = []
    while schedule.is_busy:
        given_out(schedule)
        assert not schedule.held_names(0)
        for name in schedule.held_names(1):
            done += [name] if schedule.finish(1, name, rows(jobs[int(name)])) else []
    assert sorted(done) == ["0", "1", "2", "3"]


def test_the_job_at_work_is_suspected_and_runs_alone_after_all_others() -> None:
    jobs = [shard(str(number), "a", "b") for number in range(4)]
    schedule = Schedule(jobs, 1, 1, works_together=False)
    assert given_out(schedule) == [(0, "0"), (0, "1")]
    assert schedule.lose(0, "died") == (None, MAX_RESTARTS)
    assert given_out(schedule) == [(0, "1"), (0, "2")], "what waited behind it is asked again at once"
    for name in ("1", "2", "3"):
        schedule.finish(0, name, rows(jobs[int(name)]))
        given_out(schedule)
    assert schedule.held_names(0) == ["0"]
    assert schedule.finish(0, "0", rows(jobs[0])) == (jobs[0], rows(jobs[0])), "it was not its fault"
    assert not schedule.is_busy and schedule.fatal == []


def test_where_jobs_run_together_all_are_suspected() -> None:
    schedule = Schedule([shard("0", "a"), shard("1", "b")], 1, 1, works_together=True)
    given_out(schedule)
    schedule.lose(0, "died")
    assert given_out(schedule) == [(0, "0")]
    schedule.finish(0, "0", rows(shard("0", "a")))
    assert given_out(schedule) == [(0, "1")]


def test_the_hunt_for_one_of_eight_may_end_four_processes_more() -> None:
    schedule = Schedule([shard("0", *"abcdefgh")], 1, 1, works_together=False)
    limits, names = [], []
    while not schedule.fatal:
        names += [name for _, name in given_out(schedule)]
        limit = schedule.lose(0, "died")[1]
        limits.append(limit)
    assert limits[:3] == [MAX_RESTARTS, MAX_RESTARTS, MAX_RESTARTS + 4]
    assert names[:4] == ["0", "0", "0.0", "0.1"], "halves take turns, so that a healthy one comes in between"


def test_one_request_that_ends_two_processes_is_missing_and_its_job_is_answered() -> None:
    job = shard("0", "a", num_samples=3)
    schedule = Schedule([job], 1, 1, works_together=False)
    given_out(schedule)
    assert schedule.lose(0, "first") == (None, MAX_RESTARTS)
    given_out(schedule)
    gone = [Missing("a", "fatal", "it ends the engine's process (second)", draw) for draw in range(3)]
    assert schedule.lose(0, "second") == ((job, gone), MAX_RESTARTS)
    assert schedule.fatal == gone[:1]


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=6),
    st.sets(st.integers(0, 20)),
    st.integers(1, 3),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_every_request_is_answered_or_missing_in_its_place(
    sizes: list[int], fatal: set[int], num_sessions: int, works_together: bool, chance: object
) -> None:
    """Sessions die at fatal requests; at most one process a run dies for another reason."""
    ids = [[f"{number}/{place}" for place in range(size)] for number, size in enumerate(sizes)]
    flat = [id for part in ids for id in part]
    poison = {flat[number] for number in fatal if number < len(flat)}
    jobs = {str(number): shard(str(number), *part) for number, part in enumerate(ids)}
    schedule = Schedule(jobs.values(), num_sessions, 2, works_together=works_together)
    held: list[dict[str, Job]] = [{} for _ in range(num_sessions)]
    answered: dict[str, list[str]] = {}
    innocent_deaths = 1
    while True:
        while (given := schedule.assign()) is not None:
            held[given[0]][given[1].name] = given[1]
        if not schedule.is_busy:
            break
        number = chance.choice([number for number in range(num_sessions) if held[number]])  # type: ignore[attr-defined]
        job = next(iter(held[number].values()))
        at_work = list(held[number].values()) if works_together else [job]
        dies = any(request.id in poison for one in at_work for request in one.requests)
        if not dies and innocent_deaths and chance.random() < 0.2:  # type: ignore[attr-defined]
            dies, innocent_deaths = True, innocent_deaths - 1
        if dies:
            done, _ = schedule.lose(number, "died")
            held[number].clear()
        else:
            del held[number][job.name]
            done = schedule.finish(number, job.name, rows(job))
        if done is not None:
            assert done[0] is jobs[done[0].name] and done[0].name not in answered
            answered[done[0].name] = [
                row.id if isinstance(row, Missing) else row.request_id  # type: ignore[union-attr]
                for row in done[1]
            ]
            assert {row.id for row in done[1] if isinstance(row, Missing)} == poison & set(answered[done[0].name])
    assert {row.id for row in schedule.fatal} == poison
    assert answered == {name: [request.id for request in job.requests] for name, job in jobs.items()}


def test_what_was_lost_with_a_machine_goes_to_the_others_first_and_nothing_is_suspected() -> None:
    jobs = [shard(str(number), *"ab") for number in range(8)]
    schedule = Schedule(jobs, 2, 2, works_together=True)
    assert given_out(schedule) == [(0, "0"), (1, "1"), (0, "2"), (1, "3")]
    assert schedule.lose(0, "node gone", with_machine=True) == (None, MAX_RESTARTS)
    assert given_out(schedule) == [], "it gets nothing, and the other one has enough"
    schedule.finish(1, "1", rows(jobs[1]))
    schedule.finish(1, "3", rows(jobs[3]))
    assert given_out(schedule) == [(1, "0"), (1, "2")], "before what nobody had, and both at a time"
    schedule.resume(0)
    assert given_out(schedule) == [(0, "4"), (0, "5")]
    assert schedule.fatal == []


def test_when_all_machines_are_lost_the_work_waits_for_one() -> None:
    jobs = [shard(str(number), "a") for number in range(4)]
    schedule = Schedule(jobs, 2, 1, works_together=False, waiting=[1])
    assert given_out(schedule) == [(0, "0"), (0, "1")], "the other one waits since a call before"
    schedule.lose(0, "node gone", with_machine=True)
    assert given_out(schedule) == [] and schedule.is_busy and schedule.patience() is None
    schedule.resume(1)
    assert given_out(schedule) == [(1, "0"), (1, "1")]
    assert schedule.leave_out(0) and not schedule.leave_out(1)
    schedule.resume(0)
    assert given_out(schedule) == [], "what is left out stays so"


def test_what_three_machines_were_lost_with_is_suspected_like_what_ends_processes() -> None:
    job = shard("s", "good", "bad")
    schedule = Schedule([job], 1, 1, works_together=False)
    num_lost = 0
    while given := given_out(schedule):
        for number, name in given:
            if name.endswith(".0"):
                schedule.finish(number, name, rows(shard(name, "good")))
            else:
                num_lost += 1
                schedule.lose(number, "node gone", with_machine=True)
                schedule.resume(number)
    assert not schedule.is_busy and num_lost == NUM_MACHINES + 1 + 2, "one alone, and its half two more"
    assert [row.id for row in schedule.fatal] == ["bad"] and "node gone" in schedule.fatal[0].detail
