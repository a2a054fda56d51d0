"""What estimator and model share in their dealings with Java."""

import os
from typing import TYPE_CHECKING, Any, Dict, Optional, Type, TypeVar

from py4j.java_gateway import JavaObject
from pyspark.ml import Estimator
from pyspark.ml.param import Param
from pyspark.ml.wrapper import JavaParams
from pyspark.sql.utils import is_remote

from sparkfocal.errors import require_java, translated

if TYPE_CHECKING:
    from pyspark.ml._typing import ParamMap

_J = TypeVar("_J", bound="JavaSide")


def model_or_path(value: Any) -> Any:
    """A converter of a param whose value is a model or the path of a saved one."""
    is_model = isinstance(value, JavaParams) and not isinstance(value, Estimator)
    if is_model or isinstance(value, JavaObject):
        return value
    if isinstance(value, (str, os.PathLike)):
        return os.fspath(value)
    raise TypeError(f"{value!r} is neither a model nor the path of one")


class JavaSide(JavaParams):
    """Params that Java checks when they are set, and whose defaults are Java's.

    Over Spark Connect, where no Java can be called, the server checks them in ``fit``.
    """

    @staticmethod
    def _new_java_obj(java_class: str, *args: Any) -> Any:
        require_java()
        return JavaParams._new_java_obj(java_class, *args)

    @classmethod
    def read(cls) -> Any:
        """A reader of what was saved."""
        require_java()
        return super().read()  # type: ignore[misc]

    @classmethod
    def load(cls: Type[_J], path: "str | os.PathLike[str]") -> _J:
        """Reads what was saved."""
        with translated():
            found: _J = super().load(os.fspath(path))  # type: ignore[misc]
            return found

    def save(self, path: "str | os.PathLike[str]") -> None:
        """Saves to a folder that is not there; ``write().overwrite().save(path)`` replaces one."""
        with translated():
            super().save(os.fspath(path))  # type: ignore[misc]

    def hasParam(self, paramName: str) -> bool:
        """Whether there is a param of that name.

        Asks the class, since an attribute of the same name, as a model's numClasses, may call Java.
        """
        return isinstance(getattr(type(self), paramName, None), Param)

    def _set(self: _J, **values: Any) -> _J:
        before = dict(self._paramMap)
        given = {name: value for name, value in values.items() if value is not None}
        super()._set(**given)
        try:
            for name in given:
                self._require(self.getParam(name))
        except Exception:
            self._paramMap = before
            raise
        return self

    def _require(self, param: "Param[Any]") -> None:
        if self._java_obj is not None and not is_remote():
            with translated():
                self._make_java_param_pair(param, self._paramMap[param])

    def _make_java_param_pair(self, param: Any, value: Any) -> Any:
        # initialModel takes a model too.
        java = value._to_java() if isinstance(value, JavaParams) else value
        return super()._make_java_param_pair(param, java)

    def _transfer_params_from_java(self) -> None:
        """Takes Java's defaults too, which are others in what an earlier version saved."""
        super()._transfer_params_from_java()
        java: Any = self._java_obj
        defaults: Dict[str, Any] = {}
        for param in self.params:
            if java.hasParam(param.name) and java.hasDefault(java.getParam(param.name)):
                value = java.getDefault(java.getParam(param.name)).get()
                is_list = param.typeConverter.__name__.startswith("toList")
                defaults[param.name] = list(value) if is_list else value
        self._setDefault(**defaults)

    def copy(self: _J, extra: "Optional[ParamMap]" = None) -> _J:
        """A copy with the same uid, and with other values of some params."""
        with translated():
            # Looked at first: a copy that is given up takes the Java side of this one with it.
            if extra and self._java_obj is not None and not is_remote():
                java: Any = self._java_obj
                java.copy(self._transfer_param_map_to_java(self._converted(extra)))
            return super().copy(extra)

    def _converted(self, extra: "ParamMap") -> "ParamMap":
        own = {param: value for param, value in extra.items() if param in self.params}
        return {param: param.typeConverter(value) for param, value in own.items()}
