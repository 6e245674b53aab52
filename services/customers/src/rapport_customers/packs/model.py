"""What each pack has. A pack only ever adds: what a company has made its own stays as it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from rapport_customers.custom_fields.values import CustomFieldType, Option
from rapport_customers.tiers.model import Tier


class IndustryPack(StrEnum):
    """The lines of business that there are packs for."""

    ECOMMERCE = "ECOMMERCE"
    EDUCATION = "EDUCATION"
    B2B = "B2B"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackTag:
    """A tag that follows a rule, in its stored form."""

    name: str
    colour: str
    rule: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """Custom fields as they are defined, tags of the group ``ACTIVITY``, and tiers from the highest."""

    fields: tuple[Mapping[str, Any], ...]
    tags: tuple[PackTag, ...]
    tiers: tuple[Tier, ...]


ACTIVITY: Final = "Activity · 活跃度"
"""The group of the tags that tell how active a customer is."""


def _select(key: str, label: str, *options: tuple[str, str]) -> Mapping[str, Any]:
    return {
        "applies_to": "Customer",
        "key": key,
        "label": label,
        "type": CustomFieldType.SELECT,
        "options": [Option(value=value, label=name) for value, name in options],
    }


def _field(key: str, label: str, kind: CustomFieldType) -> Mapping[str, Any]:
    return {"applies_to": "Customer", "key": key, "label": label, "type": kind}


def _active(days: int) -> PackTag:
    return PackTag(name="活跃客户", colour="#2E8B57", rule={"lastOrderAt": {"withinDays": days}})


def _to_wake(days: int) -> PackTag:
    return PackTag(name="待唤醒客户", colour="#CD853F", rule={"lastInteractionAt": {"notForDays": days}})


def _tier(key: str, name: str, **rule: Any) -> Tier:
    return Tier(key=key, name=name, rule=rule)


def _yuan(amount: str) -> dict[str, str]:
    return {"currency": "CNY", "gte": amount}


STANDARD_TAGS: Final = (_active(30), _to_wake(90))
"""近30天购买→活跃客户; 90天未互动→待唤醒客户."""
PACKS: Final[Mapping[IndustryPack, Pack]] = {
    IndustryPack.ECOMMERCE: Pack(
        fields=(
            _select("memberLevel", "会员等级", ("NORMAL", "普通"), ("PLUS", "PLUS")),
            _field("birthday", "生日", CustomFieldType.DATE),
            _field("preferredCategory", "偏好品类", CustomFieldType.TEXT),
        ),
        tags=STANDARD_TAGS,
        tiers=(
            _tier("DIAMOND", "钻石", spend=_yuan("50000"), daysBetweenOrders={"lte": 30}),
            _tier("GOLD", "黄金", spend=_yuan("10000")),
            _tier("SILVER", "白银", orderCount={"gte": 3}),
        ),
    ),
    IndustryPack.EDUCATION: Pack(
        fields=(
            _select("studyStage", "学段", ("PRIMARY", "小学"), ("MIDDLE", "初中"), ("HIGH", "高中"), ("ADULT", "成人")),
            _field("guardian", "监护人", CustomFieldType.TEXT),
            _field("trialLessonOn", "试听日期", CustomFieldType.DATE),
        ),
        tags=(_active(90), _to_wake(60)),
        tiers=(
            _tier("KEY", "重点学员", spend=_yuan("30000")),
            _tier("RENEWED", "续费学员", orderCount={"gte": 2}),
            _tier("ENROLLED", "在读学员", orderCount={"gte": 1}),
        ),
    ),
    IndustryPack.B2B: Pack(
        fields=(
            _field("annualRevenue", "年营业额", CustomFieldType.MONEY),
            _field("contractEndsOn", "合同到期日", CustomFieldType.DATE),
            _select("procurement", "采购方式", ("DIRECT", "直接采购"), ("TENDER", "招标")),
        ),
        tags=(_active(180), _to_wake(90)),
        tiers=(
            _tier("STRATEGIC", "战略客户", spend=_yuan("1000000"), averageOrder=_yuan("100000")),
            _tier("KEY", "重点客户", spend=_yuan("200000")),
            _tier("STANDARD", "标准客户", orderCount={"gte": 1}),
        ),
    ),
}
