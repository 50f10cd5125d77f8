// The one place where the bodies of Asio and Beast are compiled (both are used with separate compilation).
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
