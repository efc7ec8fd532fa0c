from vigild.wire.url_lists import split_urls, urls_of_file


def test_blanks_commas_and_line_ends_part_addresses() -> None:
    assert ["a://1", "b://2", "c://3", "d://4"] == split_urls(" a://1,b://2 c://3 ,\n, d://4,\n")
    assert [] == split_urls(" , \n")


def test_a_comma_within_an_address_stays() -> None:
    url = "smtp://mail/?to=a@x,b@y"
    assert [url, "exec:tell a, b://c"] == split_urls(f"{url}, exec:tell a, b://c")


def test_a_file_of_addresses_has_lines_and_comments() -> None:
    text = "# of the night shift\na://1\n\n ; b://2\nexec:tell # loud\n"
    assert [(2, "a://1"), (5, "exec:tell # loud")] == urls_of_file(text)
