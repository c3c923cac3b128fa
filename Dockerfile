# One image for the web, the workers, beat and migrations; docker-compose.yml tells them apart.
FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN python -m venv /opt/qmas
COPY requirements-production.lock ./
RUN /opt/qmas/bin/pip install --require-hashes --only-binary=:all: -r requirements-production.lock
COPY pyproject.toml README.md LICENSE ./
COPY domain domain
COPY rulesets rulesets
COPY services services
COPY workers workers
COPY migrations migrations
RUN pip install "setuptools>=80" \
    && pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /opt/qmas/bin/pip install --no-deps --no-index /wheels/*.whl

FROM python:3.12-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin qmas \
    && install --directory --owner=qmas --group=qmas --mode=0700 /var/lib/qmas /var/lib/qmas-fence
COPY --from=build /opt/qmas /opt/qmas
ENV PATH=/opt/qmas/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /var/lib/qmas
EXPOSE 8600
CMD ["qmas", "--help"]
