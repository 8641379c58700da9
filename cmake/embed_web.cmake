# cmake -DOUTPUT=web_files.c -DTABLE=floe_web_files "-DFILES=a.html;b.js" -P embed_web.cmake
# Writes the table that app/web_files.h declares.

set(type_html "text/html; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_svg "image/svg+xml")

set(arrays "")
set(rows "")
set(count 0)
foreach(file IN LISTS FILES)
    file(READ ${file} hex HEX)
    string(REGEX REPLACE "(................................)" "\\1\n    " hex "${hex}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
    file(SIZE ${file} size)
    cmake_path(GET file FILENAME name)
    cmake_path(GET file EXTENSION LAST_ONLY extension)
    string(REPLACE "." "" extension "${extension}")
    string(APPEND arrays "static const unsigned char file_${count}[] = {\n    ${bytes}0x00};\n\n")
    string(APPEND rows "    {\"/${name}\", \"${type_${extension}}\", file_${count}, ${size}},\n")
    math(EXPR count "${count} + 1")
endforeach()
file(WRITE ${OUTPUT} "/* Made by cmake/embed_web.cmake from web/. */
#include \"app/web_files.h\"

${arrays}const floe_web_file ${TABLE}[] = {
${rows}    {NULL, NULL, NULL, 0},
};
")
