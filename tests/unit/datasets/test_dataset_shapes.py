"""Shapes: what is detected, what a record counts, and what is said of a bad one."""

import pytest

PAIR = {"prompt": "hello", "completion": "good day"}


@pytest.mark.parametrize(
    ("record", "shape", "counts"),
    [
        (PAIR, "prompt_completion", (1, 2, 4)),
        ({"Question": "why?", "Answer": "so"}, "prompt_completion", (1, 2, 2)),
        ({"query": "a", "response": "b"}, "prompt_completion", (1, 2, 2)),
        ({"input": "a", "output": "b"}, "prompt_completion", (1, 2, 2)),
        ({"system": "be kind", **PAIR}, "prompt_completion", (1, 3, 6)),
        ({"instruction": "add", "input": "", "output": "x"}, "instruction", (1, 2, 2)),
        ({"instruction": "add", "input": "12345", "output": "x"}, "instruction", (1, 2, 4)),
        ({"instruction": "", "input": "12345", "output": "x"}, "instruction", (1, 2, 3)),
        ({"instruction": "add", "input": None, "output": "x"}, "instruction", (1, 2, 2)),
        ({"instruction": "a", "context": "12345", "response": "x"}, "instruction", (1, 2, 4)),
        (
            {"instruction": "a", "output": "x", "history": [["b", "c"], ["d", "e"]]},
            "instruction",
            (3, 6, 6),
        ),
        ({"instruction": "a", "input": "", "output": "b", "text": "ab"}, "instruction", (1, 2, 2)),
        ({"text": "once upon"}, "text", (1, 1, 3)),
        ({"content": "once upon"}, "text", (1, 1, 3)),
        (
            {"prompt": [{"role": "user", "content": "a"}],
             "completion": [{"role": "assistant", "content": "12345"}]},
            "prompt_completion", (1, 2, 3),
        ),
        (
            {"prompt": [{"role": "system", "content": "s"}, {"role": "user", "content": "a"}],
             "completion": "12345"},
            "prompt_completion", (1, 3, 4),
        ),
    ],
)  # fmt: skip
def test_pairs_turns_and_tokens_of_records(read, record, shape, counts):
    report = read("a.jsonl", [record])
    assert (report.status, report.format) == ("ready", shape)
    assert counts == (
        report.total_training_pairs,
        report.avg_turns_per_conversation,
        report.total_tokens,
    )


def turns(*roles, key="messages", role="role", content="content"):
    return {key: [{role: name, content: "12345678"} for name in roles]}


@pytest.mark.parametrize(
    ("record", "shape", "pairs"),
    [
        (turns("user", "assistant"), "messages", 1),
        (turns("system", "user", "assistant", "user", "assistant"), "messages", 2),
        (turns("user", "assistant", "tool", "assistant"), "messages", 1),
        (turns("user", "tool", "assistant"), "messages", 1),
        (turns("user", "user", "assistant", "assistant"), "messages", 1),
        (turns("assistant", "user", "assistant", "user"), "messages", 1),
        (turns("developer", "User", " assistant "), "messages", 1),
        (turns("user", "assistant", key="conversations"), "messages", 1),
        (
            turns("human", "gpt", key="conversations", role="from", content="value"),
            "conversations",
            1,
        ),
        (
            turns(
                "system", "human", "function_call", "observation", "gpt", "human", "gpt",
                key="conversations", role="from", content="value",
            ),
            "conversations",
            2,
        ),
    ],
)  # fmt: skip
def test_pairs_of_conversations(read, record, shape, pairs):
    report = read("a.jsonl", [record])
    count = len(next(iter(record.values())))
    assert (report.status, report.format) == ("ready", shape)
    assert report.total_training_pairs == pairs
    assert report.avg_turns_per_conversation == count
    assert report.total_tokens == 2 * count
    assert report.avg_tokens_per_turn == 2


def test_typed_parts_count_only_text_under_either_name(read):
    parts = [
        {"type": "text", "text": "12345"},
        {"type": "image_url", "image_url": {"url": "x" * 400}},
        {"type": "text", "value": "1"},
        "1234",
    ]
    user = {"role": "user", "content": parts}
    report = read("a.jsonl", [{"messages": [user, {"role": "assistant", "content": "ok"}]}])
    assert report.total_tokens == 2 + 1 + 1 + 1
    assert report.total_training_pairs == 1


def test_each_string_is_rounded_up_by_its_utf8_bytes(read):
    report = read("a.jsonl", [{"prompt": "日本語", "completion": "é"}])
    assert report.total_tokens == 3 + 1


def test_a_turn_that_only_calls_a_tool_needs_no_content(read):
    call = {"role": "assistant", "content": None, "tool_calls": [{"name": "f"}]}
    rest = turns("user")["messages"], turns("tool", "assistant")["messages"]
    report = read("a.jsonl", [{"messages": [*rest[0], call, *rest[1]]}])
    assert (report.bad_records, report.total_training_pairs) == (0, 1)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"prompt": "a"}, '"completion" is missing'),
        ({"prompt": "a", "completion": None}, '"completion" is null, not text'),
        ({"prompt": "a", "completion": 5}, '"completion" is a number, not text'),
        ({"prompt": "a", "completion": "  \n"}, '"completion" is empty'),
        ({"prompt": [{"role": "user", "content": "a"}], "completion": ""}, '"completion" is empty'),
        ({"prompt": "", "completion": "a"}, '"prompt" is empty'),
        ({"prompt": {"a": 1}, "completion": "a"}, '"prompt" is an object, not text'),
        (None, "null, not an object"),
        (1.5, "a number, not an object"),
        ({"instruction": "a", "input": 5, "output": "b"}, '"input" is a number, not text'),
        ({}, "an empty object; expected {prompt, completion}"),
        ({"chosen": "a", "rejected": "b"}, 'no known shape in the keys "chosen", "rejected"'),
        ({"completion": "a"}, '"prompt" or "instruction" is missing'),
        ({"instruction": "a"}, '"output" is missing'),
    ],
)
def test_messages_of_bad_records_before_any_good_one(read, record, message):
    report = read("a.jsonl", [record])
    assert (report.status, report.bad_records) == ("invalid", 1)
    assert message in report.validation_errors[0].message


@pytest.mark.parametrize(
    ("messages", "message"),
    [
        ([], '"messages" is empty'),
        ("hi", '"messages" is text, not a list'),
        ([{"role": "user", "content": "a"}], "no assistant turn follows a user turn"),
        (
            [{"role": "assistant", "content": "a"}, {"role": "user", "content": "b"}],
            "no assistant turn follows a user turn",
        ),
        (
            [{"role": "user", "content": "a"}, {"role": "foo", "content": "a"}],
            'messages[1].role "foo" is not one of system, user, assistant, tool',
        ),
        ([{"role": ["user"], "content": "a"}], "messages[0].role a list is not one of"),
        ([{"content": "a"}], "messages[0].role is missing"),
        ([{"role": "user"}], "messages[0].content is missing"),
        ([{"role": "user", "content": None}], "messages[0].content is null, not text"),
        ([{"role": "user", "content": " "}], "messages[0].content is empty"),
        ([{"role": "user", "content": [{"type": "text"}]}], "messages[0].content[0] holds no text"),
        (["hi"], "messages[0] is text, not an object"),
    ],
)
def test_messages_of_bad_conversations(read, messages, message):
    good = [turns("user", "assistant")] * 19
    report = read("a.jsonl", [*good, {"messages": messages}])
    assert (report.status, report.bad_records) == ("ready", 1)
    assert report.validation_errors[0].line == 20
    assert message in report.validation_errors[0].message


def test_the_first_valid_record_sets_the_shape(read):
    report = read("a.jsonl", ["oops", *[PAIR] * 50, {"text": "a"}, turns("user", "assistant")])
    assert report.format == "prompt_completion"
    assert [error.line for error in report.validation_errors] == [1, 52, 53]
    assert '"text", the records before it "prompt_completion"' in (
        report.validation_errors[1].message
    )


def test_the_same_shape_under_other_keys_is_no_mixture(read):
    report = read("a.jsonl", [PAIR, {"question": "a", "answer": "b"}, PAIR])
    assert (report.bad_records, report.total_training_pairs) == (0, 3)


def test_optional_keys_count_although_the_first_record_lacks_them(read):
    first = {"instruction": "a", "output": "b"}
    report = read("a.jsonl", [first, {**first, "input": "12345"}, {**first, "context": "1"}])
    assert report.total_tokens == 6 + 2 + 1


def test_hostile_text_is_escaped_and_cut_in_messages(read):
    role = "\x1b]52;c;\u202e" + "x" * 500
    report = read("a.jsonl", [{"messages": [{"role": role, "content": "a"}]}])
    message = report.validation_errors[0].message
    assert message.isprintable()
    assert "\\x1b]52;c;\\u202e" in message
    assert len(message) < 200
