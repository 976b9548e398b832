// SPDX-License-Identifier: GPL-2.0
/*
 * An analogue input of four channels (IIO), a thermometer (hwmon) and a LED, whose values are module parameters:
 * QEMU's virt machine has none of them. 12 bits of 3.3 V, as a common converter; its buffer shows a square wave
 * between raw and trough, three samples high and one low, as a control pilot's.
 */
#include <linux/hwmon.h>
#include <linux/iio/buffer.h>
#include <linux/iio/iio.h>
#include <linux/iio/trigger_consumer.h>
#include <linux/iio/triggered_buffer.h>
#include <linux/leds.h>
#include <linux/module.h>
#include <linux/platform_device.h>

#define CHANNELS 4
#define ABSOLUTE_ZERO_MC (-273150)

static int raw[CHANNELS];
module_param_array(raw, int, NULL, 0644);
static int trough[CHANNELS];
module_param_array(trough, int, NULL, 0644);
static int temperature_mc = 25000;
module_param(temperature_mc, int, 0644);
static int led_brightness;
module_param(led_brightness, int, 0444);

static int adc_read(struct iio_dev *adc, struct iio_chan_spec const *channel, int *value, int *value2, long mask)
{
	switch (mask) {
	case IIO_CHAN_INFO_RAW:
		*value = raw[channel->channel];
		return IIO_VAL_INT;
	case IIO_CHAN_INFO_SCALE:
		*value = 3300;
		*value2 = 12;
		return IIO_VAL_FRACTIONAL_LOG2;
	}
	return -EINVAL;
}

static irqreturn_t adc_sample(int irq, void *context)
{
	static unsigned int count;
	struct iio_poll_func *poll = context;
	struct iio_dev *adc = poll->indio_dev;
	struct { u16 values[CHANNELS]; s64 timestamp __aligned(8); } scan = {};
	const int *wave = count++ % 4 == 3 ? trough : raw;
	unsigned int channel, at = 0;

	for_each_set_bit(channel, adc->active_scan_mask, CHANNELS)
		scan.values[at++] = wave[channel];
	iio_push_to_buffers_with_timestamp(adc, &scan, iio_get_time_ns(adc));
	iio_trigger_notify_done(adc->trig);
	return IRQ_HANDLED;
}

#define VOLTAGE(n) { \
	.type = IIO_VOLTAGE, .indexed = 1, .channel = n, .scan_index = n, \
	.info_mask_separate = BIT(IIO_CHAN_INFO_RAW), .info_mask_shared_by_type = BIT(IIO_CHAN_INFO_SCALE), \
	.scan_type = { .sign = 'u', .realbits = 12, .storagebits = 16, .endianness = IIO_LE }, \
}

static const struct iio_chan_spec adc_channels[] = {
	VOLTAGE(0), VOLTAGE(1), VOLTAGE(2), VOLTAGE(3), IIO_CHAN_SOFT_TIMESTAMP(CHANNELS),
};

static const struct iio_info adc_info = { .read_raw = adc_read };

static umode_t thermometer_mode(const void *data, enum hwmon_sensor_types type, u32 attribute, int channel)
{
	return 0444;
}

static int thermometer_read(struct device *device, enum hwmon_sensor_types type, u32 attribute, int channel, long *value)
{
	if (temperature_mc < ABSOLUTE_ZERO_MC) /* a sensor that has gone */
		return -EIO;
	*value = temperature_mc;
	return 0;
}

static const struct hwmon_channel_info *const thermometer_channels[] = {
	HWMON_CHANNEL_INFO(temp, HWMON_T_INPUT), NULL,
};
static const struct hwmon_ops thermometer_ops = { .is_visible = thermometer_mode, .read = thermometer_read };
static const struct hwmon_chip_info thermometer = { .ops = &thermometer_ops, .info = thermometer_channels };

static void led_set(struct led_classdev *led, enum led_brightness brightness)
{
	led_brightness = brightness;
}

static struct led_classdev led = { .name = "virtual:status", .max_brightness = 255, .brightness_set = led_set };

static int sensors_probe(struct platform_device *board)
{
	struct iio_dev *adc = devm_iio_device_alloc(&board->dev, 0);
	struct device *hwmon;
	int failed;

	if (!adc)
		return -ENOMEM;
	adc->name = "virtual-adc";
	adc->info = &adc_info;
	adc->channels = adc_channels;
	adc->num_channels = ARRAY_SIZE(adc_channels);
	adc->modes = INDIO_DIRECT_MODE;
	failed = devm_iio_triggered_buffer_setup(&board->dev, adc, NULL, adc_sample, NULL);
	if (failed)
		return failed;
	failed = devm_iio_device_register(&board->dev, adc);
	if (failed)
		return failed;
	hwmon = devm_hwmon_device_register_with_info(&board->dev, "virtual_thermometer", NULL, &thermometer, NULL);
	if (IS_ERR(hwmon))
		return PTR_ERR(hwmon);
	return devm_led_classdev_register(&board->dev, &led);
}

static struct platform_driver sensors = { .probe = sensors_probe, .driver = { .name = "virtual-sensors" } };
static struct platform_device *board;

static int __init sensors_init(void)
{
	int failed = platform_driver_register(&sensors);

	if (failed)
		return failed;
	board = platform_device_register_simple("virtual-sensors", PLATFORM_DEVID_NONE, NULL, 0);
	if (!IS_ERR(board))
		return 0;
	platform_driver_unregister(&sensors);
	return PTR_ERR(board);
}

static void __exit sensors_exit(void)
{
	platform_device_unregister(board);
	platform_driver_unregister(&sensors);
}

module_init(sensors_init);
module_exit(sensors_exit);
MODULE_DESCRIPTION("Sensors of Wattseal's virtual board");
MODULE_LICENSE("GPL");
