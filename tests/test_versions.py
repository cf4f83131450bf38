"""Versions are compared as numbers, and pre-releases, providers' builds and texts that are no versions have their place too."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.versions import precedence


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        pytest.param("1.9", "1.10", id="numbers, not digits"),
        pytest.param("1.9.11", "1.10.2", id="the minor before the patch"),
        pytest.param("v1.9.0", "1.10.0", id="with or without a v"),
        pytest.param("1.26", "1.26.0", id="a minor before its patches"),
        pytest.param("1.26.15", "1.27", id="a patch before the next minor"),
        pytest.param("4.14.0-ec.4", "4.14.0-rc.0", id="early candidates before release candidates"),
        pytest.param("4.14.0-rc.0", "4.14.0", id="release candidates before the release"),
        pytest.param("4.14.0-rc.9", "4.14.0-rc.10", id="candidates by number"),
        pytest.param("4.13.9", "4.14.0-ec.0", id="a release before candidates of the next minor"),
        pytest.param("4.12.0-0.nightly-2022-07-11-054352", "4.12.0-0.nightly-2022-07-12-010203", id="nightly builds by date"),
        pytest.param("4.12.0-0.nightly-2022-07-11-054352", "4.12.0-ec.0", id="numbers before words"),
        pytest.param("4.12.0-0.okd-2023-03-04-063026", "4.12.0-0.okd-2023-04-16-041331", id="OKD builds by date"),
        pytest.param("4.19.0-okd-scos.9", "4.19.0-okd-scos.16", id="OKD's stream builds by number"),
        pytest.param("1.0.0-alpha", "1.0.0-alpha.1", id="fewer parts first"),
        pytest.param("1.0.0-alpha.1", "1.0.0-alpha.beta", id="a number before a word"),
        pytest.param("1.29.1-gke.1589017", "1.29.1-gke.1589020", id="builds by number"),
        pytest.param("1.29.1-gke.999", "1.29.1-gke.1000", id="builds by number, not digits"),
        pytest.param("1.29.1", "1.29.1-gke.1589017", id="a provider's build is made of the release"),
        pytest.param("1.29.1-gke.1589017", "1.29.2-gke.100", id="the patch before the build"),
        pytest.param("1.26.4-20230526", "1.26.4-20230607", id="builds by date"),
        pytest.param("1.26.4", "1.26.4-20230526", id="a dated build is made of the release"),
        pytest.param("1.30.4", "v1.30.4-eks-a737599", id="an EKS build is made of the release"),
        pytest.param("4.15.3", "4.15.3+amd64", id="build metadata last"),
        pytest.param("4.15.3-rc.1+amd64", "4.15.3", id="a candidate's metadata does not make it a release"),
        pytest.param("1.31.2+k3s9", "1.31.2+k3s10", id="a number at the end of a word"),
        pytest.param("stable-4.16", "0.0.1", id="what is no version before all versions"),
        pytest.param("", "0", id="nothing first"),
        pytest.param("1." + "9" * 5_000, "1.1" + "0" * 5_000, id="no number is too long"),
    ],
)
def test_the_lower_version_comes_first(lower, higher):
    assert precedence(lower) < precedence(higher)
    assert not precedence(higher) < precedence(lower)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("v1.31.2", "1.31.2", id="a leading v"),
        pytest.param("1.031.2", "1.31.2", id="leading zeros"),
        pytest.param("0.0", "00.000", id="nothing but zeros"),
    ],
)
def test_spellings_of_one_version_are_equal(one, other):
    assert precedence(one) == precedence(other)


TEXTS = st.text() | st.from_regex(r"v?[0-9]{1,3}(\.[0-9]{1,3}){0,3}(-[a-z0-9.-]{0,8})?(\+[a-z0-9]{0,3})?", fullmatch=True)


@given(st.permutations(range(3)), st.tuples(TEXTS, TEXTS, TEXTS))
def test_any_texts_have_one_order(places, texts):
    order = [precedence(text) for text in texts]
    low, middle, high = sorted(order)
    assert low <= middle <= high
    assert low <= high
    assert sorted(order[place] for place in places) == [low, middle, high]
