"""What the synthetic county's places are called. Every name is invented; a real place of that name is chance."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from county.setting import COUNTY

COUNTY_NAME: Final = ("澄原县", "Chengyuan County")

# Each township with its eight villages, Chinese and Latin.
NAMES: Final = (
    ("霁岭镇 Jiling", "晴坡 Qingpo, 松垭 Songya, 石臼 Shijiu, 井头 Jingtou, 竹篙 Zhugao, 鹤塘 Hetang, 枫坳 Feng'ao, 下窑 Xiayao"),
    ("砚溪镇 Yanxi", "墨池 Mochi, 柳堰 Liuyan, 梅垅 Meilong, 杏沟 Xinggou, 沙埠 Shabu, 渡头 Dutou, 双井 Shuangjing, 高垱 Gaodang"),
    ("穗川镇 Suichuan", "禾仓 Hecang, 稻田坝 Daotianba, 麦坪 Maiping, 油榨 Youzha, 磨湾 Mowan, 谷垛 Guduo, 新堰 Xinyan, 坝口 Bakou"),
    ("棣湾镇 Diwan", "棠梨 Tangli, 杵溪 Chuxi, 白鹭 Bailu, 芦荡 Ludang, 水车 Shuiche, 桑园 Sangyuan, 蓼岸 Liao'an, 罾头 Zengtou"),
    ("篁口镇 Huangkou", "笋冲 Sunchong, 篾匠 Miejiang, 簟坪 Dianping, 青篱 Qingli, 箬岭 Ruoling, 凉亭 Liangting, 潭口 Tankou, 筒车 Tongche"),
    ("柘坪镇 Zheping", "柘树 Zheshu, 蚕桑 Cansang, 丝坳 Si'ao, 茧塘 Jiantang, 老屋场 Laowuchang, 碾子 Nianzi, 半坡 Banpo, 火石 Huoshi"),
    ("岚垭乡 Lanya", "云盘 Yunpan, 雾坪 Wuping, 岩窝 Yanwo, 鹰嘴 Yingzui, 羊圈 Yangjuan, 断桥 Duanqiao, 冷水溪 Lengshuixi, 红岩 Hongyan"),
    ("栎桥乡 Liqiao", "栎林 Lilin, 橡坪 Xiangping, 石拱 Shigong, 桥头 Qiaotou, 大河坝 Daheba, 木槽 Mucao, 蜂桶 Fengtong, 炭窑 Tanyao"),
    ("茗坞乡 Mingwu", "茶垄 Chalong, 采春 Caichun, 紫芽 Ziya, 泉坞 Quanwu, 焙房 Beifang, 栗园 Liyuan, 樟木 Zhangmu, 上坞 Shangwu"),
    ("榆垄乡 Yulong", "榆钱 Yuqian, 荞沟 Qiaogou, 土墙 Tuqiang, 豆坪 Douping, 瓜架 Guajia, 杨岔 Yangcha, 沙梁 Shaliang, 枣湾 Zaowan"),
)  # fmt: skip


def names() -> dict[str, tuple[str, str]]:
    """(zh, en) of the county, its townships and its villages, by area path."""
    top = f"{COUNTY}000000"
    found = {top: COUNTY_NAME}
    for number, (township, villages) in enumerate(NAMES, start=101):
        path = f"{top}/{COUNTY}{number:03d}000"
        zh, en = township.split()
        found[path] = (zh, f"{en} Township")
        for place, village in enumerate(villages.split(", "), start=201):
            zh, en = village.split()
            found[f"{path}/{COUNTY}{number:03d}{place:03d}"] = (f"{zh}村", en)
    return found


def write_names(folder: Path) -> None:
    """Write ``county.yaml`` into a home's folder of area names."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f'{path}: {{zh: "{zh}", en: "{en}"}}\n' for path, (zh, en) in names().items()]
    (folder / "county.yaml").write_text(
        "# Names of the synthetic county's places. All of them are invented.\n" + "".join(lines),
        encoding="utf-8",
    )
