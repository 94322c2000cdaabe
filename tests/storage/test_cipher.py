"""Encryption, its keys and the hash by which numbers are found."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.storage.cipher import (
    CannotDecryptError,
    Cipher,
    SecretKey,
    Wrap,
    first_wraps,
    key_of,
    open_data_keys,
    read_keyring,
    write_keyring,
)

ONE, TWO = SecretKey("one"), SecretKey("two")
CIPHER = Cipher({2: b"k" * 32}, b"h" * 32)
NEWER = Cipher({2: b"k" * 32, 3: b"n" * 32}, b"h" * 32)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


@given(TEXTS)
def test_whatever_is_encrypted_comes_back_and_is_not_to_be_read(text: str) -> None:
    value = CIPHER.encrypt(text)
    assert CIPHER.decrypt(value) == text
    assert CIPHER.encrypt(text) != value
    assert len(text) < 4 or text.encode() not in value


@given(TEXTS, st.data())
def test_a_value_changed_anywhere_does_not_open(text: str, data: st.DataObject) -> None:
    value = bytearray(CIPHER.encrypt(text))
    place = data.draw(st.integers(0, len(value) - 1))
    value[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(CannotDecryptError):
        CIPHER.decrypt(bytes(value))


@given(TEXTS, st.integers(0, 30))
def test_a_value_cut_short_does_not_open(text: str, length: int) -> None:
    value = CIPHER.encrypt(text)
    with pytest.raises(CannotDecryptError) as caught:
        CIPHER.decrypt(value[: min(length, len(value) - 1)])
    assert len(text) < 6 or text not in str(caught.value)


@given(st.binary(max_size=60))
def test_any_bytes_at_all_are_refused_in_one_way(value: bytes) -> None:
    with pytest.raises(CannotDecryptError):
        CIPHER.decrypt(value)


@given(TEXTS)
def test_an_old_key_still_decrypts_and_the_newest_encrypts(text: str) -> None:
    old = CIPHER.encrypt(text)
    assert NEWER.decrypt(old) == text
    assert key_of(NEWER.encrypt(text)) == 3
    assert NEWER.digest(text) == CIPHER.digest(text)
    with pytest.raises(CannotDecryptError):
        CIPHER.decrypt(NEWER.encrypt(text))


def test_a_cipher_takes_in_newer_keys_and_keeps_its_own() -> None:
    cipher = Cipher({2: b"k" * 32}, b"h" * 32)
    old = cipher.encrypt("a")
    cipher.adopt(Cipher({3: b"n" * 32}, b"h" * 32))
    assert (cipher.decrypt(old), cipher.decrypt(NEWER.encrypt("b")), cipher.current) == ("a", "b", 3)


@settings(max_examples=30)
@given(TEXTS, TEXTS)
def test_the_hash_tells_values_apart_and_needs_its_key(one: str, two: str) -> None:
    other = Cipher({2: b"k" * 32}, b"g" * 32)
    assert (CIPHER.digest(one) == CIPHER.digest(two)) == (one == two)
    assert other.digest(one) != CIPHER.digest(one)
    assert len(CIPHER.digest(one)) == 16


def test_each_secret_key_alone_opens_every_data_key() -> None:
    wraps = first_wraps([ONE, TWO])
    value = Cipher.from_wraps(wraps, [ONE]).encrypt("a")
    assert Cipher.from_wraps(wraps, [TWO]).decrypt(value) == "a"


def test_a_stranger_opens_nothing_and_is_told_why() -> None:
    with pytest.raises(CannotDecryptError, match="a secret key that VIGIE_SECRET_KEYS no longer holds"):
        open_data_keys(first_wraps([ONE]), [TWO])


def test_a_wrap_moved_to_another_place_does_not_open() -> None:
    hashing, encrypting = first_wraps([ONE])
    for moved in (
        Wrap(3, ONE.id, encrypting.purpose, encrypting.wrapped),
        Wrap(encrypting.data_key, ONE.id, "hash", encrypting.wrapped),
    ):
        with pytest.raises(CannotDecryptError):
            open_data_keys([hashing, moved], [ONE])


def test_the_keyring_beside_the_spool_holds_the_same_and_is_private(tmp_path: Path) -> None:
    wraps = first_wraps([ONE, TWO])
    write_keyring(tmp_path / "keyring.json", wraps)
    assert read_keyring(tmp_path / "keyring.json") == wraps
    assert (tmp_path / "keyring.json").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["keyring.json"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can write another user's file")
def test_the_keyring_that_root_writes_stays_the_folders_owners(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12345)
    write_keyring(tmp_path / "keyring.json", first_wraps([ONE]))
    assert (tmp_path / "keyring.json").stat().st_uid == 12345


def test_no_key_shows_in_a_representation() -> None:
    assert "\\x" not in repr(open_data_keys(first_wraps([ONE]), [ONE]))
    assert "one" not in repr(ONE)
