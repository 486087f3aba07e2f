from local.cloud.workers import session, worker_key

FUNCTION = {
    "FunctionName": "starter",
    "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:starter",
    "Role": "arn:aws:iam::000000000000:role/path/starter-role",
}


def test_a_workers_key_is_its_functions_and_its_clouds_own() -> None:
    key = worker_key(FUNCTION, "root's secret")
    assert key == worker_key(FUNCTION, "root's secret")
    others = [
        worker_key(FUNCTION, "another secret"),
        worker_key({**FUNCTION, "Role": "arn:aws:iam::000000000000:role/other"}, "root's secret"),
        worker_key({**FUNCTION, "FunctionArn": f"{FUNCTION['FunctionArn']}:live"}, "root's secret"),
    ]
    for other in others:
        assert not {key.access_key, key.secret, key.session_token} & {
            other.access_key, other.secret, other.session_token,
        }  # fmt: skip
    assert key.secret not in repr(key)


def test_a_worker_is_a_session_of_its_functions_role() -> None:
    found = session(FUNCTION, worker_key(FUNCTION, "s"))
    assert found["Arn"] == "arn:aws:sts::000000000000:assumed-role/starter-role/starter"
