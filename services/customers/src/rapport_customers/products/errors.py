"""What can be wrong with a product."""

from rapport_shared.errors import UserFault


class ProductCodeTaken(UserFault):
    """Another product has this code."""

    code = "PRODUCT_CODE_TAKEN"
