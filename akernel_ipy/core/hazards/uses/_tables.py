"""Tables: what builtins, methods and libraries do to what they are given."""

from __future__ import annotations

from ...names import FIRST_ARGUMENT, IN_PLACE

__all__ = ["FIRST_ARGUMENT", "IN_PLACE"]


def words(text: str) -> frozenset[str]:
    """Give the words of a text."""
    return frozenset(text.split())


#: Builtins whose result has nothing to do with their arguments; those that iterate come after.
FRESH = words(
    "len print repr str format ascii bool int float complex hash id isinstance issubclass callable "
    "hasattr display bin hex oct ord chr type dir bytes round abs divmod pow slice range"
)
ITERATING_FRESH = words("any all")
#: Builtins that make a new object out of the elements.
COPYING = words("list tuple set frozenset dict sorted enumerate zip reversed iter map filter")
#: Builtins that give one of the elements.
CHOOSING = words("min max sum getattr")

#: Classes whose positional pattern is the object itself: ``case int(n)``.
MATCHED_AS_A_WHOLE = words("bool bytearray bytes dict float frozenset int list set str tuple")

#: Methods whose result is new: neither the object nor a view of it.
COPIES = words(
    "copy tolist to_list to_dict to_json to_csv to_html to_string to_markdown mean sum "
    "std var min max median mode count nunique describe quantile corr cov cumsum cumprod argmin "
    "argmax argsort idxmin idxmax any all round abs prod keys isna isnull notna upper lower strip "
    "split join format encode decode index startswith endswith replace item size memory_usage "
    "agg aggregate value_counts rank diff shift isin between duplicated"
)

#: Methods that change their object, by kind of object.
LIST = words(
    "append extend insert remove pop clear sort reverse appendleft extendleft popleft rotate "
    "__setitem__ __delitem__ __iadd__ __imul__ __init__"
)
DICT = words(
    "pop popitem clear update setdefault move_to_end subtract __setitem__ __delitem__ __ior__ "
    "__init__ __missing__"
)
SET = words(
    "add discard remove pop clear update difference_update intersection_update "
    "symmetric_difference_update __iand__ __ior__ __ixor__ __isub__ __init__"
)
ARRAY = words(
    "fill itemset partition put resize sort byteswap setfield setflags __setitem__ __iadd__ "
    "__setstate__ unshare_mask harden_mask soften_mask"
)
FRAME = words(
    "insert pop update __setitem__ __delitem__ set_flags isetitem insert_column replace_column "
    "extend append drop_in_place scatter set set_at_idx shrink_to_fit clear rechunk put"
)
#: Methods that hand parts of a frame to a function; fine with a word, or a lambda seen through.
APPLYING = words("apply applymap map pipe transform agg aggregate filter assign map_elements")

#: Keywords that make a function change what it is given.
RISKY = words("out inplace in_place copy overwrite_a overwrite_b overwrite_x overwrite_input")

#: Packages whose functions leave their arguments alone, but for those in `CHANGING`.
READING = words(
    "numpy pandas polars math cmath statistics json operator itertools copy pprint string textwrap "
    "re hashlib base64 struct zlib datetime time calendar decimal fractions bisect difflib io csv "
    "asyncio matplotlib seaborn scipy sklearn statsmodels xgboost plotly altair bokeh IPython os "
    "pathlib urllib builtins collections typing types functools"
)
CHANGING = words(
    "shuffle put place putmask copyto fill_diagonal put_along_axis heappush heappop heapify "
    "heapreplace heappushpop insort insort_left insort_right setitem delitem setattr delattr iadd "
    "isub imul iconcat ior iand next anext reduce accumulate starmap map filter call methodcaller "
    "apply_along_axis apply_over_axes vectorize frompyfunc fromiter readinto rerun tee chain cycle "
    "run_coroutine_threadsafe ensure_future run wraps update_wrapper singledispatch"
)
#: Functions of objects that can't be known, which leave their arguments alone.
READING_METHODS = words(
    "plot scatter hist hist2d bar barh boxplot violinplot errorbar fill_between imshow pcolormesh "
    "contour contourf step stem pie axhline axvline hlines vlines loglog semilogx semilogy "
    "set_title set_xlabel set_ylabel set_xlim set_ylim set_xticks set_yticks set_xticklabels text "
    "annotate legend colorbar fit predict predict_proba transform fit_transform score join format "
    "get index count startswith endswith isin merge dot"
)

#: Methods that Python calls only where an object is made or changed.
_MAKING = words(
    "__init__ __new__ __post_init__ __init_subclass__ __class_getitem__ __set_name__ __setattr__ "
    "__delattr__ __setitem__ __delitem__ __set__ __delete__ __iadd__ __isub__ __imul__ __ior__ "
    "__iand__ __enter__ __exit__ __aenter__ __aexit__ __del__ __await__ __call__ __reduce__ "
    "__reduce_ex__ __getstate__ __setstate__ __copy__ __deepcopy__ __anext__ __next__"
)


def is_special(name: str) -> bool:
    """Whether Python or a front-end calls a method of this name just to read an object."""
    shows = name.startswith("_repr_") or name == "_ipython_display_"
    special = name.startswith("__") and name.endswith("__") and name not in _MAKING
    return shows or special
