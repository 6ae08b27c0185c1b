#include "plot/cairo_canvas.h"

#include <cairo-ft.h>
#include <cairo-pdf.h>
#include <cairo.h>

#include <cmath>
#include <new>
#include <numbers>
#include <utility>

#include "base/check.h"

namespace virnucpro {
namespace {

struct SurfaceCloser {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};
struct ContextCloser {
  void operator()(cairo_t* context) const { cairo_destroy(context); }
};
struct FaceCloser {
  void operator()(cairo_font_face_t* face) const { cairo_font_face_destroy(face); }
};
struct OptionsCloser {
  void operator()(cairo_font_options_t* options) const { cairo_font_options_destroy(options); }
};
using Surface = std::unique_ptr<cairo_surface_t, SurfaceCloser>;
using Context = std::unique_ptr<cairo_t, ContextCloser>;
using FontFace = std::unique_ptr<cairo_font_face_t, FaceCloser>;
using FontOptions = std::unique_ptr<cairo_font_options_t, OptionsCloser>;

void require_ok(cairo_status_t status) {
  if (status == CAIRO_STATUS_NO_MEMORY) throw std::bad_alloc();
  check(status == CAIRO_STATUS_SUCCESS, "cairo cannot draw: {}", cairo_status_to_string(status));
}

/// Called by cairo, through which no exception may pass.
cairo_status_t append(void* target, const unsigned char* bytes, unsigned int count) {
  try {
    static_cast<std::string*>(target)->append(reinterpret_cast<const char*>(bytes), count);
  } catch (...) {
    return CAIRO_STATUS_NO_MEMORY;
  }
  return CAIRO_STATUS_SUCCESS;
}

/// Keeps the face open as long as cairo, which caches fonts, may use it.
FontFace font_face_of(const Font& font) {
  static constexpr cairo_user_data_key_t kOwner = {};
  FontFace face(cairo_ft_font_face_create_for_ft_face(font.face().get(), FT_LOAD_NO_HINTING));
  require_ok(cairo_font_face_status(face.get()));
  auto owner = std::make_unique<std::shared_ptr<FT_FaceRec_>>(font.face());
  require_ok(cairo_font_face_set_user_data(face.get(), &kOwner, owner.get(), [](void* owned) {
    delete static_cast<std::shared_ptr<FT_FaceRec_>*>(owned);
  }));
  static_cast<void>(owner.release());
  return face;
}

}  // namespace

struct CairoCanvas::Impl {
  std::string bytes;  // outlives the surface that appends to it
  Font font;
  Surface surface;
  Context context;
  FontFace face;
  bool is_image = false;

  void begin() {
    require_ok(cairo_surface_status(surface.get()));
    context.reset(cairo_create(surface.get()));
    require_ok(cairo_status(context.get()));
    face = font_face_of(font);
    cairo_set_font_face(context.get(), face.get());
    // Letters stand where the widths of the font say, in every format alike.
    const FontOptions options(cairo_font_options_create());
    cairo_font_options_set_hint_style(options.get(), CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options.get(), CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_antialias(options.get(), CAIRO_ANTIALIAS_GRAY);
    cairo_set_font_options(context.get(), options.get());
    cairo_set_line_join(context.get(), CAIRO_LINE_JOIN_ROUND);
  }

  void use(Colour colour) const {
    cairo_set_source_rgb(context.get(), colour.red / 255.0, colour.green / 255.0,
                         colour.blue / 255.0);
  }

  void draw(const Stroke& stroke) const {
    constexpr double kDashes[] = {3.0, 2.0};
    use(stroke.colour);
    cairo_set_line_width(context.get(), stroke.width);
    cairo_set_dash(context.get(), kDashes, stroke.is_dashed ? 2 : 0, 0.0);
    cairo_stroke(context.get());
  }
};

CairoCanvas::CairoCanvas(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) { impl_->begin(); }

CairoCanvas::~CairoCanvas() = default;

std::unique_ptr<CairoCanvas> CairoCanvas::pdf(double width, double height,
                                              const std::string& title) {
  auto impl = std::make_unique<Impl>();
  impl->surface.reset(cairo_pdf_surface_create_for_stream(append, &impl->bytes, width, height));
  require_ok(cairo_surface_status(impl->surface.get()));
  cairo_surface_t* const surface = impl->surface.get();
  cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE,
                                 impl->font.drawable(title).c_str());
  cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "VirNucPro");
  // No date, so that the same results give the same bytes.
  cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, "");
  return std::unique_ptr<CairoCanvas>(new CairoCanvas(std::move(impl)));
}

std::unique_ptr<CairoCanvas> CairoCanvas::png(double width, double height, double dots_per_inch) {
  const double scale = dots_per_inch / 72.0;
  auto impl = std::make_unique<Impl>();
  impl->is_image = true;
  impl->surface.reset(cairo_image_surface_create(CAIRO_FORMAT_RGB24,
                                                 static_cast<int>(std::ceil(width * scale)),
                                                 static_cast<int>(std::ceil(height * scale))));
  std::unique_ptr<CairoCanvas> canvas(new CairoCanvas(std::move(impl)));
  cairo_t* const context = canvas->impl_->context.get();
  canvas->impl_->use(kWhite);
  cairo_paint(context);
  cairo_scale(context, scale, scale);
  return canvas;
}

const Font& CairoCanvas::font() const { return impl_->font; }

void CairoCanvas::line(Point from, Point to, const Stroke& stroke) {
  const Point points[] = {from, to};
  polyline(points, stroke);
}

void CairoCanvas::polyline(std::span<const Point> points, const Stroke& stroke) {
  cairo_new_path(impl_->context.get());
  for (const Point& point : points) cairo_line_to(impl_->context.get(), point.x, point.y);
  impl_->draw(stroke);
}

void CairoCanvas::fill(const Rectangle& rectangle, Colour colour) {
  impl_->use(colour);
  cairo_rectangle(impl_->context.get(), rectangle.x, rectangle.y, rectangle.width,
                  rectangle.height);
  cairo_fill(impl_->context.get());
}

void CairoCanvas::outline(const Rectangle& rectangle, const Stroke& stroke) {
  cairo_rectangle(impl_->context.get(), rectangle.x, rectangle.y, rectangle.width,
                  rectangle.height);
  impl_->draw(stroke);
}

void CairoCanvas::disc(Point centre, double radius, Colour colour) {
  impl_->use(colour);
  cairo_new_path(impl_->context.get());
  cairo_arc(impl_->context.get(), centre.x, centre.y, radius, 0.0, 2.0 * std::numbers::pi);
  cairo_fill(impl_->context.get());
}

void CairoCanvas::text(Point at, const std::string& text, const TextStyle& style) {
  const std::string drawable = impl_->font.drawable(text);
  if (drawable.empty()) return;
  cairo_t* const context = impl_->context.get();
  const double width = impl_->font.width(drawable, style.size);
  const double before = style.anchor == Anchor::kStart    ? 0.0
                        : style.anchor == Anchor::kMiddle ? width / 2.0
                                                          : width;
  cairo_save(context);
  cairo_translate(context, at.x, at.y);
  if (style.is_upwards) cairo_rotate(context, -std::numbers::pi / 2.0);
  impl_->use(style.colour);
  cairo_set_font_size(context, style.size);
  cairo_move_to(context, -before, 0.0);
  cairo_show_text(context, drawable.c_str());
  cairo_new_path(context);  // a text leaves the point behind it, from which a line would start
  cairo_restore(context);
}

std::string CairoCanvas::finish() {
  require_ok(cairo_status(impl_->context.get()));
  if (impl_->is_image) {
    require_ok(cairo_surface_write_to_png_stream(impl_->surface.get(), append, &impl_->bytes));
  } else {
    cairo_surface_finish(impl_->surface.get());
    require_ok(cairo_surface_status(impl_->surface.get()));
  }
  return std::move(impl_->bytes);
}

}  // namespace virnucpro
