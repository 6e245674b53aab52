"""The twelve people of the sample company."""

from random import Random

from rapport_cli.sample.records import Staff

SURNAMES = {
    "王": "wang",
    "李": "li",
    "张": "zhang",
    "刘": "liu",
    "陈": "chen",
    "杨": "yang",
    "赵": "zhao",
    "黄": "huang",
    "周": "zhou",
    "吴": "wu",
    "徐": "xu",
    "孙": "sun",
    "欧阳": "ouyang",
    "林": "lin",
}
GIVEN = {
    "芳": "fang",
    "伟": "wei",
    "晓燕": "xiaoyan",
    "建国": "jianguo",
    "丽娜": "lina",
    "志强": "zhiqiang",
    "雪梅": "xuemei",
    "明轩": "mingxuan",
    "婷婷": "tingting",
    "浩然": "haoran",
    "思远": "siyuan",
    "佳怡": "jiayi",
}
ENGLISH = {
    "first": ("Emma", "James", "Olivia", "Daniel", "Grace", "Samuel", "Hannah", "Oliver"),
    "last": ("Hughes", "Carter", "Bennett", "Murphy", "Foster", "Reid", "Walsh", "Palmer"),
}

# Role, title in Chinese and in English, and who is Chinese: two managers, seven sellers, three in support.
POSTS = (
    ("MANAGER", "销售总监", "zh"),
    ("MANAGER", "International Sales Manager", "en"),
    ("SALES", "高级销售顾问", "zh"),
    ("SALES", "销售顾问", "zh"),
    ("SALES", "Account Executive", "en"),
    ("SALES", "销售顾问", "zh"),
    ("SALES", "Account Executive", "en"),
    ("SALES", "大客户经理", "zh"),
    ("SALES", "Sales Representative", "en"),
    ("SUPPORT", "客服主管", "zh"),
    ("SUPPORT", "客服专员", "zh"),
    ("SUPPORT", "Support Specialist", "en"),
)
DEFAULT_SEED = 20250101


def make_staff(seed: int) -> tuple[Staff, ...]:
    """The staff of a seed, managers first. Mail addresses differ between seeds and within one."""
    rng = Random(f"{seed}:staff")
    surnames, given = rng.sample(sorted(SURNAMES), 10), rng.sample(sorted(GIVEN), 10)
    first, last = rng.sample(ENGLISH["first"], 6), rng.sample(ENGLISH["last"], 6)
    domain = "demo.example.com" if seed == DEFAULT_SEED else f"demo-{seed}.example.com"
    staff: list[Staff] = []
    for number, (role, title, language) in enumerate(POSTS, start=1):
        if language == "zh":
            family, own = surnames.pop(), given.pop()
            name, address = family + own, f"{SURNAMES[family]}.{GIVEN[own]}"
        else:
            own, family = first.pop(), last.pop()
            name, address = f"{own} {family}", f"{own}.{family}".lower()
        leader = None if role == "MANAGER" else staff[0 if language == "zh" else 1].key
        staff.append(Staff(f"s{number:02}", f"{address}@{domain}", name, role, title, leader))
    return tuple(staff)


def language_of(member: Staff) -> str:
    """The language a staff member works in."""
    return "en" if member.name.isascii() else "zh"
