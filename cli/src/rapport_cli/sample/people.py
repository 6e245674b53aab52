"""Who the customers are: names, phone numbers and addresses that could be real and belong to nobody."""

from dataclasses import dataclass
from functools import cache
from random import Random

from faker import Faker

from rapport_cli.sample.texts import Texts, Topic

# Numbers set aside for fiction: 555-01xx in North America, 020 7946 0xxx in the United Kingdom.
US_AREAS = ("212", "312", "415", "512", "617", "206", "303")
CN_MOBILE = ("130", "135", "136", "138", "139", "150", "158", "166", "177", "186", "188", "199")

# How many of a product a company or a person talks about.
COMPANY_COUNTS = (3, 5, 8, 10, 12, 20, 30)
PERSON_COUNTS = (2, 2, 3, 4)


@dataclass(frozen=True, slots=True)
class Identity:
    """A customer as a person or company, and what one talks about with them."""

    name: str
    phone: str | None
    email: str | None
    sector: int | None
    topic: Topic


def make_identity(rng: Random, texts: Texts, kind: str) -> Identity:
    """One customer's identity; every twentieth lacks a phone number, every seventh a mail address, none both."""
    fake = _faker(texts.language)
    fake.seed_instance(rng.getrandbits(32))
    person, city = fake.name(), rng.choice(texts.words("city"))
    sector = rng.randrange(len(texts.words("sector"))) if kind == "COMPANY" else None
    name = person if sector is None else _company(fake, rng, texts, city, sector)
    participant = person if sector is None else _with_title(rng, texts, person)
    product = rng.choice(texts.words("product_company" if sector is not None else "product_person"))
    has_phone = rng.random() > 0.05
    has_email = rng.random() > 0.14 or not has_phone
    return Identity(
        name=name,
        phone=_phone(rng, texts, kind, city) if has_phone else None,
        email=_email(fake, rng, kind) if has_email else None,
        sector=sector,
        topic=Topic(name, person, participant, product, city, PERSON_COUNTS if sector is None else COMPANY_COUNTS),
    )


def _with_title(rng: Random, texts: Texts, person: str) -> str:
    title = rng.choice(texts.words("contact_title"))
    return f"{person}（{title}）" if texts.language == "zh" else f"{person} ({title})"


def _company(fake: Faker, rng: Random, texts: Texts, city: str, sector: int) -> str:
    branch = texts.words("sector")[sector]
    if texts.language == "zh":
        return f"{city}{''.join(rng.sample(texts.words('brand'), 2))}{branch}有限公司"
    return f"{fake.last_name()} {branch} {rng.choice(('Ltd', 'Inc.', 'LLC', 'Group'))}"


def _phone(rng: Random, texts: Texts, kind: str, city: str) -> str:
    if texts.language == "zh":
        if kind == "COMPANY" and rng.random() < 0.6:
            area = dict(zip(texts.words("city"), texts.words("area"), strict=True))[city]
            return f"{area}-{rng.choice('68')}{rng.randrange(10**7):07}"
        return rng.choice(CN_MOBILE) + f"{rng.randrange(10**8):08}"
    if rng.random() < 0.35:
        return f"+44 20 7946 {rng.randrange(1000):04}"
    return f"+1 ({rng.choice(US_AREAS)}) 555-{rng.randrange(100, 200):04}"


def _email(fake: Faker, rng: Random, kind: str) -> str:
    user = fake.user_name()
    if kind == "COMPANY":
        return f"{rng.choice(('info', 'office', 'purchasing', 'contact'))}@{user}.example.com"
    return f"{user}@{rng.choice(('mail', 'post', 'inbox'))}.example.com"


@cache
def _faker(language: str) -> Faker:
    return Faker("zh_CN" if language == "zh" else "en_US")
