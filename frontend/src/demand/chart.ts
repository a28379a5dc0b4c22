// The time line: how many households asked in each week or month, by what they heard.

import { BarChart } from "echarts/charts";
import { AriaComponent, GridComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { bucketName, config, word } from "./config";

use([BarChart, GridComponent, TooltipComponent, AriaComponent, SVGRenderer]);

const PARTS = [
  { key: "requests", color: "#8f3410" },
  { key: "failed", color: "#ef8a3c" },
  { key: "planned", color: "#4a63c9" },
];

export interface Chart {
  choose: (bucket: number | null) => void;
}

export function startChart(element: HTMLElement, onChoose: (bucket: number) => void): Chart {
  const chart = init(element, undefined, { renderer: "svg" });
  const draw = (chosen: number | null): void => {
    chart.setOption({
      animation: false,
      aria: { enabled: true },
      grid: { left: 26, right: 4, top: 8, bottom: 20 },
      tooltip: { trigger: "axis", confine: true, axisPointer: { type: "shadow" } },
      xAxis: {
        type: "category",
        data: config.starts.map((_start, index) => bucketName(index)),
        axisLabel: { fontSize: 10, hideOverlap: true, color: "#566170" },
        axisTick: { show: false },
      },
      yAxis: { type: "value", minInterval: 1, splitNumber: 2, axisLabel: { fontSize: 10, color: "#566170" } },
      series: PARTS.map((part, place) => ({
        type: "bar",
        stack: "all",
        name: word(part.key),
        barMaxWidth: 26,
        itemStyle: { color: part.color },
        data: config.series.map((counts, index) => ({
          value: counts[place] ?? 0,
          itemStyle: { opacity: chosen === null || chosen === index ? 1 : 0.3 },
        })),
      })),
    });
  };
  draw(null);
  chart.getZr().on("click", (event) => {
    const point = chart.convertFromPixel({ gridIndex: 0 }, [event.offsetX, event.offsetY]);
    const bucket = Math.round(Number(point[0]));
    if (bucket >= 0 && bucket < config.starts.length) onChoose(bucket);
  });
  new ResizeObserver(() => chart.resize()).observe(element);
  return { choose: draw };
}
