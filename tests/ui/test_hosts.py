"""Who asks: names that are answered to, addresses that visitors come from, and who is at home."""

import pytest
from served import scope_of

from gan.ui.hosts import at_home, trusted_hosts, visitor_of


@pytest.mark.parametrize(
    "listens_on, named, environ, trusted",
    [
        ("127.0.0.1", [], {}, set()),
        ("localhost", [], {}, set()),
        ("LOCALHOST", [], {}, set()),
        ("127.1", [], {}, {"127.1"}),  # the loopback for sockets; browsers write it out
        ("", [], {}, None),
        ("[::1]", ["a.example:80"], {}, {"a.example"}),
        ("127.0.0.1", [], {"GRADIO_ROOT_PATH": "https://hub.example/user/7"}, {"hub.example"}),
        ("127.0.0.1", [], {"SPACE_HOST": "somebody-studio.hf.space"}, {"somebody-studio.hf.space"}),
        ("127.0.0.1", [], {"GRADIO_ROOT_PATH": "/proxy/7860"}, None),
        ("127.0.0.1", [], {"JUPYTERHUB_SERVICE_PREFIX": "/user/7/"}, None),
        ("127.0.0.1", [], {"COLAB_RELEASE_TAG": "x"}, None),
        ("0.0.0.0", [], {}, None),
        ("::", [], {"SPACE_HOST": "somebody-studio.hf.space"}, None),
        ("0.0.0.0", ["a.example"], {}, {"a.example"}),
    ],
)
def test_whoever_listens_to_others_or_stands_behind_a_notebook_answers_to_any_name(listens_on, named, environ, trusted):
    assert trusted_hosts(listens_on, named, environ) == trusted


@pytest.mark.parametrize(
    "forwarded, address",
    [
        ("9.9.9.9", "9.9.9.9"),
        ("1.1.1.1, 9.9.9.9, 10.1.2.3", "9.9.9.9"),  # who is first says so himself
        ("nonsense, 10.0.0.1", "10.7.7.7"),
        ("", "10.7.7.7"),
    ],
)
def test_in_a_space_a_visitor_is_the_last_public_address(forwarded, address):
    scope = scope_of("10.7.7.7", x_forwarded_for=forwarded)
    assert visitor_of(scope, in_space=True) == address
    assert visitor_of(scope) == "10.7.7.7"


@pytest.mark.parametrize(
    "scope, home",
    [
        (scope_of(host="localhost:7860"), True),
        (scope_of("::1", host="[::1]:7860"), True),
        (scope_of("::ffff:127.0.0.1", host="127.0.0.1"), True),
        (scope_of("192.168.1.7", host="localhost"), False),
        (scope_of(host="studio.example"), False),
        (scope_of(), False),
        (scope_of(host="localhost", x_forwarded_for="127.0.0.1"), False),
        (scope_of(host="localhost", via="1.1 somewhere"), False),
        (scope_of(host="localhost", x_forwarded_proto="https"), False),
        (scope_of(host="localhost", x_forwarded_for=""), False),
    ],
)
def test_at_home_is_who_asks_this_machine_by_its_own_name_without_a_proxy(scope, home):
    assert at_home(scope) is home
